"""What changes the metric dictionary (M4.4)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from engagements.models import Engagement, Membership
from engagements.ownership import check_owners
from engagements.permissions import Permission, require_right
from engagements.staleness import lock_for_edit
from metrics.models import Metric
from tenancy.locks import lock

# What the figures of a live key result mean (M5.10), by the label of the form.
FROZEN = {"unit": "The unit", "technical_definition": "How it is worked out"}


class MetricFields(TypedDict, total=False):
    """What people say about a metric beside its name; what is left out stays as it is."""

    definition: str
    technical_definition: str
    unit: str
    owner: Membership | None
    steward: Membership | None
    source: str
    source_url: str
    refresh: str
    access: str
    fetched_by: str
    valid_low: Decimal | None
    valid_high: Decimal | None


@transaction.atomic
def create_metric(
    *, engagement: Engagement, by: Membership, name: str, **fields: Unpack[MetricFields]
) -> Metric:
    """Enter a metric in the dictionary.

    Raises ValidationError: `name`, `duplicate` (a second one with the same name or formula is
    refused with a pointer to the first, M4.4), `range`, `owner`.
    """
    require_right(by, Permission.DRAFT)
    lock(engagement)  # of two who add the same metric, one waits and sees the other's
    metric = Metric(engagement=engagement, name=_said(name), **fields)
    _check(metric, people=[metric.owner, metric.steward])
    metric.save(force_insert=True)
    return metric


def add_metrics(metrics: Iterable[Metric], *, batch_size: int) -> None:
    """Insert entries that an import has checked; names must be new (M4.4)."""
    Metric.objects.bulk_create(metrics, batch_size=batch_size)


@transaction.atomic
def update_metric(
    *, metric: Metric, version: int, by: Membership, name: str, **fields: Unpack[MetricFields]
) -> Metric:
    """Change an entry.

    Errors as in `create_metric`; `frozen` where unit or formula would become another one while a
    live key result reads it (M5.10): one that was left blank can be filled in. StaleEdit if
    somebody was faster.
    """
    current: Metric = lock_for_edit(metric, version=version)
    require_right(by, Permission.DRAFT)
    lock(by.engagement)
    before = {current.owner_id, current.steward_id}
    changed: dict[str, Any] = {"name": _said(name), **fields}
    _check_frozen(current, changed=changed)
    for field, value in changed.items():
        setattr(current, field, value)
    people = [current.owner, current.steward]
    _check(current, people=[person for person in people if person and person.pk not in before])
    current.version += 1
    current.save(update_fields=[*changed, "version"])
    return current


@transaction.atomic
def archive_metric(*, metric: Metric, by: Membership) -> Metric:
    """Take a metric out of use; key results that read it keep it. Twice is once."""
    (current,) = lock(metric)
    require_right(by, Permission.DRAFT)
    if current.archived_at is None:
        current.archived_at, current.archived_by = timezone.now(), by
        current.save(update_fields=["archived_at", "archived_by"])
    return current


def _said(name: str) -> str:
    return " ".join(name.split())


def _check_frozen(metric: Metric, *, changed: dict[str, Any]) -> None:
    moved = {
        field: label
        for field, label in FROZEN.items()
        if getattr(metric, field)
        and field in changed
        # A browser sends the lines of a text in its own way; that is no change.
        and getattr(metric, field).split() != changed[field].split()
    }
    titles = _live_readers(metric) if moved else []
    if titles:
        named = ", ".join(f"“{title}”" for title in titles)
        raise ValidationError(
            {
                field: ValidationError(
                    f"{label} stays while a committed key result reads it: {named}."
                    " Add another metric instead.",
                    code="frozen",
                )
                for field, label in moved.items()
            }
        )


def _live_readers(metric: Metric) -> list[str]:
    readers: Any = metric.key_results.filter(engagement=metric.engagement_id)
    return list(readers.live().values_list("title", flat=True))


def _check(metric: Metric, *, people: list[Membership | None]) -> None:
    if not metric.name:
        raise ValidationError("Give the metric a name.", code="name")
    check_owners(*people)
    low, high = metric.valid_low, metric.valid_high
    if low is not None and high is not None and low >= high:
        raise ValidationError("The valid range must rise: lowest first.", code="range")
    _check_is_first(metric)


def _check_is_first(metric: Metric) -> None:
    formula = " ".join(metric.technical_definition.split()).casefold()
    others = Metric.objects.filter(engagement_id=metric.engagement_id).exclude(pk=metric.pk)
    for other in others.only("name", "technical_definition", "archived_at", "engagement_id"):
        if other.name.casefold() == metric.name.casefold():
            raise ValidationError(
                _pointer("name", to=other), code="duplicate", params={"of": other}
            )
        if formula and " ".join(other.technical_definition.split()).casefold() == formula:
            raise ValidationError(
                _pointer("formula", to=other), code="duplicate", params={"of": other}
            )


def _pointer(same: str, *, to: Metric) -> str:
    archived = " (archived)" if to.archived_at else ""
    name = to.name.replace("%", "%%")  # a message with params is a format string
    return f"“{name}”{archived} has this {same} already. Use that one, or say what differs."
