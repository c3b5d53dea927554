"""Commands of the metric dictionary (M4.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Engagement, Membership
from engagements.permissions import Permission, check_owners, require_right
from metrics.models import Metric
from metrics.queries import live_titles, titles_outside_range
from tenancy.locks import lock, lock_for_edit, lock_names
from tenancy.text import comparable, one_line

# Fields that change the meaning of a live key result (M5.10), with their labels.
FROZEN = {"unit": "unit", "technical_definition": "formula"}


class MetricFields(TypedDict, total=False):
    """Optional fields of a metric; missing ones stay unchanged."""

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
    """Add a metric to the dictionary.

    Raises ValidationError: `duplicate` (same name or formula as an existing one, which
    `params` holds as `of`, M4.4), `range`, `owner`.
    """
    lock_names(engagement.pk)
    require_right(by, Permission.DRAFT, owners=[fields.get("owner"), fields.get("steward")])
    metric = Metric(engagement=engagement, name=one_line(name), **fields)
    _check(metric, people=[metric.owner, metric.steward])
    metric.save(force_insert=True)
    return metric


def add_metrics(metrics: Iterable[Metric], *, batch_size: int) -> None:
    """Insert metrics that an import has checked; their names are new (M4.4)."""
    Metric.objects.bulk_create(metrics, batch_size=batch_size)


@transaction.atomic
def update_metric(
    *, metric: Metric, version: int, by: Membership, name: str, **fields: Unpack[MetricFields]
) -> Metric:
    """Change a metric.

    Errors as in `create_metric`; `frozen` if unit or formula changes while a live key result uses
    it (M5.10), unless it was blank; `range` also if it leaves out the baseline or target of one;
    StaleEdit if someone was faster.
    """
    current: Metric = lock_for_edit(metric, version=version)
    lock_names(current.engagement_id)
    require_right(by, Permission.DRAFT, owners=[fields.get("owner"), fields.get("steward")])
    before = {current.owner_id, current.steward_id}
    valid_range = current.valid_low, current.valid_high
    changed: dict[str, Any] = {"name": one_line(name), **fields}
    _check_frozen(current, changed=changed)
    for field, value in changed.items():
        setattr(current, field, value)
    people = [current.owner, current.steward]
    _check(current, people=[person for person in people if person and person.pk not in before])
    _check_range(current, before=valid_range)
    current.version += 1
    current.save(update_fields=[*changed, "name_key", "version"])
    return current


@transaction.atomic
def archive_metric(*, metric: Metric, by: Membership, now: dt.datetime) -> Metric:
    """Archive a metric, if it is not archived yet; key results that use it keep it."""
    (current,) = lock(metric)
    require_right(by, Permission.DRAFT)
    if current.archived_at is None:
        current.archived_at, current.archived_by = now, by
        current.save(update_fields=["archived_at", "archived_by"])
    return current


def _check_frozen(metric: Metric, *, changed: dict[str, Any]) -> None:
    frozen = {
        field: label
        for field, label in FROZEN.items()
        if getattr(metric, field)
        and field in changed
        # Browsers change line endings in text areas.
        and getattr(metric, field).split() != changed[field].split()
    }
    titles = live_titles(metric) if frozen else []
    if titles:
        named = ", ".join(f"“{title}”" for title in titles)
        raise ValidationError(
            {
                field: ValidationError(
                    f"The {label} is frozen because committed key results use it: {named}."
                    " Add another metric instead.",
                    code="frozen",
                )
                for field, label in frozen.items()
            }
        )


def _check(metric: Metric, *, people: list[Membership | None]) -> None:
    check_owners(*people)
    low, high = metric.valid_low, metric.valid_high
    if low is not None and high is not None and low >= high:
        raise ValidationError("Enter a highest value above the lowest one.", code="range")
    _check_is_unique(metric)


def _check_range(metric: Metric, *, before: tuple[Decimal | None, Decimal | None]) -> None:
    """Refuse a new range that leaves out numbers that a commit has frozen (M3)."""
    if before == (metric.valid_low, metric.valid_high):
        return
    if titles := titles_outside_range(metric):
        named = ", ".join(f"“{title}”" for title in titles)
        raise ValidationError(
            f"Committed key results have a baseline or target outside this range: {named}."
            " Choose a wider range.",
            code="range",
        )


def _check_is_unique(metric: Metric) -> None:
    others = Metric.objects.filter(engagement_id=metric.engagement_id).exclude(pk=metric.pk)
    same, formula = "name", comparable(metric.technical_definition)
    of = others.filter(name_key=metric.name).first()
    if of is None and formula:
        defined, same = others.exclude(technical_definition=""), "formula"
        of = next((one for one in defined if comparable(one.technical_definition) == formula), None)
    if of is None:
        return
    archived = " (archived)" if of.archived_at else ""
    name = of.name.replace("%", "%%")  # a message with params is a format string
    raise ValidationError(
        f"“{name}”{archived} already has this {same}. Use that metric or enter another {same}.",
        code="duplicate",
        params={"of": of},
    )
