from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils.text import get_text_list

from engagements.commands.engagements import freeze_bands
from engagements.models import Engagement, Membership, Role
from engagements.permissions import Permission, require_right
from okrs.formatting import write_day
from okrs.guardrails import LONGEST_CYCLES
from okrs.models import Cycle, CycleKind, KeyResult, Stage, Team
from okrs.states import update_silence
from okrs.weeks import FIRST_YEAR, LAST_YEAR
from tenancy.locks import lock, lock_for_edit, lock_names, locking
from tenancy.text import one_line


@transaction.atomic
def create_cycle(
    *,
    engagement: Engagement,
    name: str,
    kind: str,
    starts_on: dt.date,
    ends_on: dt.date,
    by: Membership,
    now: dt.datetime,
    confirm_overlap: bool = False,
) -> Cycle:
    """Add a cycle (M1).

    Raises ValidationError: `name` (taken), `dates` (not in order, or too long for the
    kind), `overlap` (another cycle of its kind; `confirm_overlap` confirms it).
    """
    lock_names(engagement.pk)
    require_right(by, Permission.PLAN)
    (held,) = lock(engagement)
    name = one_line(name)
    cycle = Cycle(engagement=engagement, name=name, kind=kind, starts_on=starts_on, ends_on=ends_on)
    _check_dates(cycle)
    _check_name(cycle, noun="cycle")
    if not confirm_overlap:
        _check_overlap(cycle, now=now)
    cycle.save(force_insert=True)
    settle_bands(held, now=now)
    return cycle


@transaction.atomic
def update_cycle(
    *,
    cycle: Cycle,
    version: int,
    name: str,
    kind: str,
    starts_on: dt.date,
    ends_on: dt.date,
    by: Membership,
    now: dt.datetime,
    confirm_overlap: bool = False,
) -> Cycle:
    """Change a cycle; drafts that are due with it get its new last day.

    Errors as in `create_cycle`; `frozen` if kind or start would change under a committed objective
    (M5.10), `dates` if a draft or a committed key result would be due outside it (M3); StaleEdit if
    someone was faster.
    """
    current: Cycle = lock_for_edit(cycle, version=version)
    key_results = KeyResult.objects.filter(
        engagement_id=current.engagement_id, objective__cycle=current
    )
    list(locking(key_results).values_list("pk"))
    lock_names(current.engagement_id)
    require_right(by, Permission.PLAN)
    (held,) = lock(by.engagement)
    moved = (kind, starts_on) != (current.kind, current.starts_on)
    if moved and current.objectives.filter(committed_at__isnull=False).exists():
        raise ValidationError(
            "Kind and first day are frozen because this cycle has committed objectives.",
            code="frozen",
        )
    ended_on = current.ends_on
    keeps_dates = not moved and ends_on == ended_on
    current.name, current.kind = one_line(name), kind
    current.starts_on, current.ends_on = starts_on, ends_on
    _check_name(current, noun="cycle")
    if not keeps_dates:
        _check_dates(current)
        if not confirm_overlap:
            _check_overlap(current, now=now)
        _check_due_dates(current, ended_on=ended_on)
    current.version += 1
    current.save(update_fields=["name", "name_key", "kind", "starts_on", "ends_on", "version"])
    drafts = key_results.filter(stage=Stage.DRAFT)
    drafts.filter(starts_on__lt=starts_on).update(starts_on=None)
    drafts.filter(due_on=ended_on).exclude(due_on=ends_on).update(due_on=ends_on)
    update_silence(key_results.live().select_related("engagement", "objective__cycle"))
    settle_bands(held, now=now)
    return current


def settle_bands(engagement: Engagement, *, now: dt.datetime) -> None:
    """Freeze the bands from the day on which the first cycle starts (M5.4)."""
    first = Cycle.objects.filter(engagement=engagement).aggregate(first=Min("starts_on"))["first"]
    frozen_on = engagement.bands_frozen_on
    if frozen_on is not None and frozen_on <= engagement.today(now):
        first = min(first, frozen_on)
    if frozen_on != first:
        freeze_bands(engagement=engagement, on=first)


def _check_dates(cycle: Cycle) -> None:
    if cycle.ends_on <= cycle.starts_on:
        raise ValidationError("Choose a last day after the first day.", code="dates")
    days = (cycle.ends_on - cycle.starts_on).days + 1
    most, length = LONGEST_CYCLES[CycleKind(cycle.kind)]
    if days > most:
        raise ValidationError(
            f"{cycle.get_kind_display()} cycles last at most {length}. This one has {days} days."
            " Choose other dates.",
            code="dates",
        )
    if cycle.starts_on.year < FIRST_YEAR or cycle.ends_on.year > LAST_YEAR:
        raise ValidationError(
            f"Choose dates in the years {FIRST_YEAR} to {LAST_YEAR}.", code="dates"
        )


def _check_overlap(cycle: Cycle, *, now: dt.datetime) -> None:
    others = Cycle.objects.filter(
        engagement_id=cycle.engagement_id,
        kind=cycle.kind,
        starts_on__lte=cycle.ends_on,
        ends_on__gte=cycle.starts_on,
    )
    today = cycle.engagement.today(now)
    named = [
        f"{other} ({write_day(other.starts_on, today=today, weekday=False)}"
        f" to {write_day(other.ends_on, today=today, weekday=False)})"
        for other in others.exclude(pk=cycle.pk).order_by("starts_on", "id")
    ]
    if named:
        raise ValidationError(
            f"These dates overlap {get_text_list(named, 'and')}. Change them or confirm them.",
            code="overlap",
        )


def _check_name(row: Cycle | Team, *, noun: str) -> None:
    others = type(row).objects.filter(engagement_id=row.engagement_id).exclude(pk=row.pk)
    if others.filter(name_key=row.name).exists():
        raise ValidationError(
            f"A {noun} named “{row.name}” exists. Choose another name.", code="name"
        )


def _check_due_dates(cycle: Cycle, *, ended_on: dt.date) -> None:
    """Refuse dates that leave due dates outside the cycle, apart from drafts due on its last day."""
    within = Q(due_on__gt=cycle.starts_on, due_on__lte=cycle.ends_on)
    outside = KeyResult.objects.filter(
        engagement_id=cycle.engagement_id, objective__cycle=cycle, due_on__isnull=False
    ).exclude(within | Q(stage=Stage.WITHDRAWN))
    drafts = outside.filter(stage=Stage.DRAFT).exclude(due_on=ended_on)
    if named := _titles(drafts):
        raise ValidationError(
            f"These drafts would be due outside the cycle: {named}. Change their due dates first.",
            code="dates",
        )
    # Those that were due after the cycle before don't keep it from being extended.
    if named := _titles(outside.exclude(stage=Stage.DRAFT)) if cycle.ends_on < ended_on else "":
        raise ValidationError(
            f"These committed key results would be due after the cycle: {named}."
            " Choose a later last day.",
            code="dates",
        )


def _titles(key_results: QuerySet[KeyResult]) -> str:
    return ", ".join(f"“{title}”" for title in key_results.values_list("title", flat=True))


MAY_CHAMPION = {Role.CHAMPION, Role.LEAD}


@transaction.atomic
def create_team(
    *, engagement: Engagement, name: str, champion: Membership | None, by: Membership
) -> Team:
    """Add a team. Raises ValidationError: `name` (taken), `champion`."""
    lock_names(engagement.pk)
    require_right(by, Permission.PLAN, owners=[champion])
    team = Team(engagement=engagement, name=one_line(name), champion=champion)
    _check_name(team, noun="team")
    _check_champion(champion)
    team.save(force_insert=True)
    return team


@transaction.atomic
def update_team(
    *, team: Team, version: int, name: str, champion: Membership | None, by: Membership
) -> Team:
    """Change a team; errors as in `create_team`, StaleEdit if someone was faster."""
    current: Team = lock_for_edit(team, version=version)
    lock_names(current.engagement_id)
    require_right(by, Permission.PLAN, owners=[champion])
    if champion is not None and champion.pk != current.champion_id:
        _check_champion(champion)
    current.name, current.champion = one_line(name), champion
    _check_name(current, noun="team")
    current.version += 1
    current.save(update_fields=["name", "name_key", "champion", "version"])
    return current


def _check_champion(champion: Membership | None) -> None:
    if champion is None:
        return
    if champion.removed_at is not None or champion.role not in MAY_CHAMPION:
        raise ValidationError(
            f"{champion.name} can’t commit objectives. Give them the Champion role first.",
            code="champion",
        )
