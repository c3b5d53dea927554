"""Decisions and releases in one sealed log, action items, and the occasions of all three."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import uuid4

import pgtrigger
from django.db import models

from decisions.constraints import DecisionChain, HeadLock, ReleaseChain
from tenancy.models import (
    TenantKey,
    TenantManager,
    TenantModel,
    act_pair,
    shows_on_status,
    tenant_constraints,
    tracked,
)


class OccasionKind(models.TextChoices):
    """A kind of event that decisions, actions and releases come from."""

    REVIEW = "review", "Review"
    ESCALATION = "escalation", "Escalation"
    CHANGE = "change", "Change request"
    NONE = "none", "None"


@dataclass(frozen=True)
class Occasion:
    """An occasion by kind and public id, so that no key to apps above is needed."""

    kind: str = OccasionKind.NONE
    public_id: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """Return the fields of `WithOccasion` with their values, for filters and new rows."""
        return {"occasion_kind": self.kind, "occasion_id": self.public_id}


NO_OCCASION = Occasion()


@dataclass(frozen=True)
class OccasionTitle:
    """The title and time of an occasion, as pages show it."""

    title: str
    at: dt.datetime

    def __str__(self) -> str:
        return self.title


class WithOccasion(models.Model):
    """Fields of a row that names its occasion."""

    occasion_kind = models.CharField(
        max_length=10, choices=OccasionKind.choices, default=OccasionKind.NONE
    )
    occasion_id = models.CharField(max_length=12, blank=True)

    occasion_title: OccasionTitle | None = None  # set by `load_occasions`

    class Meta:
        abstract = True

    @property
    def occasion(self) -> Occasion:
        return Occasion(self.occasion_kind, self.occasion_id)


Titles = Mapping[tuple[int, str], OccasionTitle]  # by engagement and public id
Loader = Callable[[Collection[int], Collection[str]], Titles]
_LOADERS: dict[str, Loader] = {}


def register_occasions(kind: OccasionKind, loader: Loader) -> None:
    """Name the query that finds titles of this kind; each app registers its own in `ready`."""
    _LOADERS[kind] = loader


def load_occasions(rows: Iterable[WithOccasion]) -> None:
    """Set `occasion_title` on each row whose occasion has one. One query for each kind among them."""
    rows = list(rows)
    for kind, loader in _LOADERS.items():
        own = [row for row in rows if row.occasion_kind == kind]
        if own:
            titles = loader(
                {row.engagement_id for row in own},  # type: ignore[attr-defined]
                {row.occasion_id for row in own},
            )
            for row in own:
                row.occasion_title = titles.get((row.engagement_id, row.occasion_id))  # type: ignore[attr-defined]


class ResultingChange(models.TextChoices):
    """The change that follows from a decision (M8.2)."""

    BET = "bet", "Bet change"
    PRIORITY = "priority", "Priority"
    RESOURCES = "resources", "Resource shift"
    KEY_RESULT = "key_result", "Key result change"
    NONE = "none", "None"


class Decision(TenantModel, WithOccasion):
    """A decision; append-only, each row sealed with the hash of the one before (M8.2).

    `number`, `previous_hash` and `hash` are written by the database as the row comes in. `touches`
    lists the objects: [{"objective": public id, "title", and for a key result "key_result",
    "value", "score", "rag" of that moment}]. `evidence` lists [{"label", and "url", or "check_in"
    and "key_result" (public ids)}]. Both are sealed with the rest, so they are words and public
    ids, not keys.
    A client sees it where `client_visible`, once its occasion is released, until superseded.
    """

    number = models.PositiveIntegerField(default=0)
    decided_on = models.DateField()
    text = models.CharField(max_length=4000)
    owner = TenantKey("engagements.Membership", related_name="+")
    due_on = models.DateField()
    change = models.CharField(max_length=12, choices=ResultingChange.choices)
    touches = models.JSONField(default=list, blank=True)
    evidence = models.JSONField(default=list, blank=True)
    client_visible = models.BooleanField(default=False)
    supersedes = TenantKey("self", null=True, blank=True, related_name="superseded_by")
    recorded_by = TenantKey("engagements.Membership", related_name="+")
    recorded_at = models.DateTimeField()
    idempotency_key = models.UUIDField(default=uuid4, editable=False)
    previous_hash = models.CharField(max_length=64, editable=False)
    hash = models.CharField(max_length=64, editable=False)

    objects = TenantManager["Decision"]()

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints("owner", "supersedes", authors=("recorded_by",)),
            models.UniqueConstraint(fields=["engagement", "number"], name="decision_numbered_once"),
            models.UniqueConstraint(
                fields=["engagement", "supersedes"], name="decision_superseded_once"
            ),
            models.UniqueConstraint(
                fields=["engagement", "idempotency_key"], name="decision_recorded_once"
            ),
            DecisionChain(name="decision_chain"),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "occasion_kind", "occasion_id"], name="decision_of_occasion"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="never_truncated",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'decisions are append-only';",
            ),
            *shows_on_status(updates=False),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.text}"

    @property
    def change_label(self) -> str:
        return "" if self.change == ResultingChange.NONE else self.get_change_display()

    @property
    def evidence_url(self) -> str:
        """Return the address among its evidence, "" without one."""
        return next((one["url"] for one in self.evidence if "url" in one), "")


class DecisionHead(TenantModel):
    """The end of an engagement's chain: its last hash, and the last numbers given.

    The database alone writes it, in the same statement as the decision or release. Rows that are
    missing at the end of the log show by it. `recorded_at` is the last decision's.
    """

    number = models.PositiveIntegerField()
    released = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    objects = TenantManager["DecisionHead"]()
    app_grants: ClassVar[tuple[str, ...]] = ("SELECT",)

    class Meta:
        constraints = [
            *tenant_constraints(),
            models.UniqueConstraint(fields=["engagement"], name="decisionhead_once"),
            HeadLock(name="decisionhead_lock"),
        ]


class Release(TenantModel, WithOccasion):
    """A publication to the client; append-only, and a link of the decisions' chain (M8.2, M8.4).

    Clients read the decisions of its occasion up to `head_number`, which with `head_hash` names the
    end of the log. `report_hash` seals the published report. The database writes numbers and hashes.
    """

    number = models.PositiveIntegerField(default=0)
    head_number = models.PositiveIntegerField(default=0)
    head_hash = models.CharField(max_length=64, blank=True, editable=False)
    report_hash = models.CharField(max_length=64, editable=False)
    by = TenantKey("engagements.Membership", related_name="+")
    at = models.DateTimeField()
    hash = models.CharField(max_length=64, editable=False)

    objects = TenantManager["Release"]()

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints(authors=("by",)),
            models.UniqueConstraint(fields=["engagement", "number"], name="release_numbered_once"),
            ReleaseChain(name="release_chain"),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "occasion_kind", "occasion_id"], name="release_of_occasion"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            *shows_on_status(updates=False),
        ]

    def __str__(self) -> str:
        return f"Report {self.number}"


class ActionItemQuerySet(models.QuerySet["ActionItem"]):
    def open(self) -> ActionItemQuerySet:
        """Return those neither done nor dropped."""
        return self.filter(done_at=None, dropped_at=None)


ActionItemManager = TenantManager.from_queryset(ActionItemQuerySet)


@tracked(exclude=("idempotency_key",))
class ActionItem(TenantModel, WithOccasion):
    """A next action: its text, owner, due date and end (M8.3).

    `version` counts its changes, so that screens that show it can ask whether it changed.
    """

    objective = TenantKey("okrs.Objective", null=True, blank=True, related_name="+")
    key_result = TenantKey("okrs.KeyResult", null=True, blank=True, related_name="+")
    what = models.CharField(max_length=4000)
    owner = TenantKey("engagements.Membership", related_name="+")
    due_on = models.DateField()
    created_by = TenantKey("engagements.Membership", related_name="+")
    created_at = models.DateTimeField()
    idempotency_key = models.UUIDField(default=uuid4, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropped_by = TenantKey("engagements.Membership", null=True, blank=True, related_name="+")

    version = models.PositiveIntegerField(default=1)

    objects = ActionItemManager()

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            *tenant_constraints(
                "objective", "key_result", "owner", authors=("created_by", "done_by", "dropped_by")
            ),
            models.UniqueConstraint(
                fields=["engagement", "idempotency_key"], name="actionitem_added_once"
            ),
            act_pair("actionitem", "done"),
            act_pair("actionitem", "dropped"),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(dropped_at=None),
                name="actionitem_done_or_dropped",
            ),
        ]
        indexes = [
            models.Index(
                fields=["engagement", "due_on"],
                condition=models.Q(done_at=None, dropped_at=None),
                name="actionitem_open",
            ),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.dropped_at is None

    def is_overdue(self, *, today: dt.date) -> bool:
        return self.is_open and self.due_on < today
