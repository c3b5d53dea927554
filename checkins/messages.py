"""The notices about check-ins: their rules, and their cards in emails (M6.4, M7.7)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.urls import reverse
from django.utils import timezone

from checkins.models import Blocker, CheckIn
from checkins.periods import (
    Period,
    closed_periods,
    filled_periods,
    is_overdue,
    missed_periods,
    open_periods,
    periods,
    rhythm_of,
)
from checkins.rules import thin_parts
from checkins.templatetags.weeks import closing, when
from engagements.models import Membership, Role
from engagements.permissions import Permission, may
from mail.email_types import one_line
from notifications.models import Notice
from notifications.rules import DigestItem, NoticeRule, Noun, register_rule
from okrs.formatting import last_day, write_day, write_due, write_value
from okrs.models import Forecast, KeyResult, Stage
from scoring import Rag, format_score

LONGEST_QUOTE = 200  # characters
OWNER = "own key results"
CHECK_IN = Noun("check-in", "check-ins", "to do")
KEY_RESULT = Noun("key result", "key results", "need a look")
MISSED = "has a missed check-in"
Items = dict[int, DigestItem]
Fields = dict[str, Any]  # of a card


def _of_each(fields_of: Callable[[Notice, KeyResult, dt.datetime], Fields | None]) -> Any:
    """Describe each notice by the fields of its card; None if it holds no longer."""

    def describe(notices: Sequence[Notice], now: dt.datetime) -> Items:
        items = {}
        for notice, row in live_subjects(notices):
            if fields := fields_of(notice, row, now):
                items[notice.pk] = card(row, to=notice.person, **fields)
        return items

    return describe


@_of_each
def reminder(notice: Notice, row: KeyResult, now: dt.datetime) -> Fields | None:
    """Describe a check-in that is due, for the owner, until it is done or late."""
    period = _unfilled(notice, row)
    if period is None or period.due_at <= now or row.owner_id != notice.person_id:
        return None
    local, today = timezone.localtime(period.due_at), timezone.localdate(now)
    due = f"due {write_due(local, today=today)}"
    return {
        "heading": f"Due {closing(period.due_at, now)}",
        "state": due,
        "news": f"needs a check-in, {due}",
        "weight": 85 if last_day(local) == today else 80,
        **check_in_link(row, member=notice.person),
    }


@_of_each
def overdue(notice: Notice, row: KeyResult, now: dt.datetime) -> Fields | None:
    """Describe a late check-in, for the owner, until this or a later period has one."""
    period = _unfilled(notice, row)
    if period is None or now < period.due_at or row.owner_id != notice.person_id:
        return None
    was, closes = (closing(at, now) for at in (period.due_at, period.closes_at))
    is_open = now < period.closes_at
    return {
        "heading": f"Was due {was}, {'open until' if is_open else 'closed'} {closes}",
        "state": "late" if is_open else "missed",
        "news": f"needs a check-in, late since {when(period.due_at, now)}" if is_open else MISSED,
        "weight": 90,
        **check_in_link(row, member=notice.person),
    }


def missed(notices: Sequence[Notice], now: dt.datetime) -> Items:
    """Describe missed check-ins, for the objective's owner, until someone checks in.

    All missed weeks of a key result are one item.
    """
    items: Items = {}
    found = defaultdict[KeyResult, list[Notice]](list)
    for notice, row in live_subjects(notices):
        period = _unfilled(notice, row)
        if period and period.closes_at <= now and row.objective.owner_id == notice.person_id:
            found[row].append(notice)
    for row, closed in found.items():
        mondays = sorted({notice.period for notice in closed})
        item = card(
            row,
            to=closed[0].person,
            heading="Missed check-ins",
            state="missing a check-in",
            news=MISSED,
            weight=60,
            text=f"{_missing(row, mondays, now=now)}\n{_owner(row)}",
        )
        items |= {notice.pk: item for notice in closed}
    return items


@_of_each
def missed_twice(notice: Notice, row: KeyResult, now: dt.datetime) -> Fields | None:
    """Describe two missed check-ins in a row, for the leads, until someone checks in."""
    missing = {one.monday for one in missed_periods(row, now=now)}
    mondays = [period.monday for period in periods(rhythm_of(row))]
    both = next((two for two in pairwise(mondays) if two[1] == notice.period), ())
    if not both or not missing.issuperset(both) or _is_filled_since(row, notice.period):
        return None
    return {
        "heading": "Two missed check-ins in a row",
        "state": "missing two check-ins in a row",
        "news": "has missed two check-ins in a row",
        "weight": 70,
        "text": f"{_missing(row, both, now=now)}\n{_owner(row)}",
    }


def friday_at_risk(notices: Sequence[Notice], now: dt.datetime) -> Items:
    """Describe key results behind pace or blocked, for objective owners and leads. Two queries."""
    subjects = list(live_subjects(notices))
    open_ones = Blocker.objects.filter(
        engagement_id=notices[0].engagement_id,
        key_result__in=[row.pk for _, row in subjects],
        resolved_at=None,
    )
    # Of several the oldest stays.
    blockers = {one.key_result_id: one for one in open_ones.order_by("-opened_at")}
    return {
        notice.pk: card(
            row,
            to=notice.person,
            heading="Behind pace or blocked",
            news=(news := "is blocked" if row.pk in blockers else _describe_forecast(row, now=now)),
            state=news.partition(" ")[2],  # without the verb
            weight=55 if row.pk in blockers else 50,
            text=_trouble(row, blocker=blockers.get(row.pk), now=now),
        )
        for notice, row in subjects
        if row.pk in blockers or row.stage == Stage.AT_RISK
    }


def friday_late(notices: Sequence[Notice], now: dt.datetime) -> Items:
    """Describe late, missed and thin check-ins, for the champion or the leads. Two queries."""
    subjects, thin = list(live_subjects(notices)), _thin(notices)
    return {
        notice.pk: card(
            row,
            to=notice.person,
            heading="Late or incomplete",
            state="late or incomplete",
            news="has a late or incomplete check-in",
            weight=40,
            text=" ".join([*lacks, f"Owner: {row.owner.name}." if row.owner else ""]),
        )
        for notice, row in subjects
        if (lacks := _lacks(row, is_thin=row.pk in thin, since=notice.period, now=now))
    }


@_of_each
def crosses_teams(notice: Notice, row: KeyResult, now: dt.datetime) -> Fields | None:
    """Describe a red key result whose cause crosses teams, for the sponsors, while it is red."""
    answer = row.prompt_answers.filter(crosses_teams=True).select_related("answered_by").first()
    if answer is None or row.rag != Rag.RED:
        return None
    text = one_line(f"Root cause: {answer.text}", most=LONGEST_QUOTE)
    state = "red across teams"
    return {"heading": state.capitalize(), "state": state, "news": f"is {state}", "text": text}


def register_rules() -> None:
    """Register the wording of each check-in notice, by the rule's name in jobs."""
    for name, label, describe, reason in (
        ("reminder", "Due soon", reminder, OWNER),
        ("overdue", "Late", overdue, OWNER),
        ("missed", "Missed check-in", missed, "own objectives"),
        ("missed_twice", "Two missed check-ins", missed_twice, "lead the program"),
        ("crosses_teams", "Red across teams", crosses_teams, "are the sponsor"),
        (
            *("friday_at_risk", "Behind pace or blocked on Friday", friday_at_risk),
            "own objectives or lead the program",
        ),
        (
            *("friday_late", "Late or incomplete on Friday", friday_late),
            "champion a team or lead the program",
        ),
    ):
        is_owner = reason == OWNER
        noun, switch = (CHECK_IN, "wants_reminders") if is_owner else (KEY_RESULT, "wants_digests")
        rule = NoticeRule(noun=noun, switch=switch, label=label, describe=describe, reason=reason)
        register_rule(name, rule)


def live_subjects(notices: Sequence[Notice]) -> Iterator[tuple[Notice, KeyResult]]:
    """Return notices with their key results, of those that still take check-ins. One query."""
    rows = (
        KeyResult.objects.live()
        .for_card()
        .select_related("engagement", "objective__owner")
        .filter(engagement_id=notices[0].engagement_id)
        .in_bulk({one.subject for one in notices})
    )
    return ((one, rows[one.subject]) for one in notices if one.subject in rows)


def card(key_result: KeyResult, *, to: Membership, **fields: Any) -> DigestItem:
    """Return the card of a key result in an email, with its latest value, RAG and score."""
    rag, unit = Rag(key_result.rag), key_result.unit
    about = f"key_result:{key_result.pk}"
    has_value = key_result.latest_value is not None
    value = write_value(key_result.latest_value, unit=unit)
    score = format_score(key_result.score, scale=key_result.engagement.score_scale)
    return DigestItem(
        title=key_result.title,
        meta=f"Latest {value}" if has_value else value.capitalize(),
        rag=rag if has_value else None,
        score=score if key_result.score is not None else "",
        why=_involvement_of(to, key_result),
        **{"url": key_result_url(key_result), "button": "Open", "about": about, **fields},
    )


def key_result_url(key_result: KeyResult) -> str:
    slug = key_result.engagement.slug
    return reverse("workspace:key-result-detail", args=[slug, key_result.public_id])


def check_in_link(key_result: KeyResult, *, member: Membership) -> dict[str, str]:
    """Return the link to the check-in for people who may check in; a card has another one."""
    if not may(member.role, Permission.CHECK_IN):
        return {}
    slug = key_result.engagement.slug
    form = reverse("checkins:check-in-create", args=[slug, key_result.public_id])
    back = urlencode({"next": key_result_url(key_result)}, safe="/")
    return {"url": f"{form}?{back}", "button": "Check in"}


def _describe_forecast(row: KeyResult, *, now: dt.datetime) -> str:
    """Continue a sentence on one at risk: it keeps that stage without a recent update (M9.2)."""
    forecast = row.forecast_on(rhythm_of(row).day_of(now))
    verb = "has" if forecast is Forecast.NO_RECENT_UPDATE else "is"
    return f"{verb} {forecast.label.lower()}"


def _trouble(row: KeyResult, *, blocker: Blocker | None, now: dt.datetime) -> str:
    today = rhythm_of(row).day_of(now)
    lines = []
    if blocker is not None:
        since = write_day(rhythm_of(row).day_of(blocker.opened_at), today=today)
        lines.append(f"Blocked since {since}: {one_line(blocker.text, most=LONGEST_QUOTE)}")
    if row.stage == Stage.AT_RISK:
        lines.append(
            f"It {_describe_forecast(row, now=now)}, with confidence {row.confidence} of 5."
        )
    if row.next_action:
        lines.append(f"Next: {one_line(row.next_action, most=LONGEST_QUOTE)}")
    return "\n".join(each if each[-1] in ".!?…" else f"{each}." for each in lines)


def _thin(notices: Sequence[Notice]) -> set[int]:
    """Return the ids of key results whose newest check-in was thin when posted. One query."""
    newest = CheckIn.objects.current().filter(
        engagement_id=notices[0].engagement_id,
        key_result__in={one.subject for one in notices},
        period=models.F("key_result__last_period"),
        is_thin=True,
    )
    return set(newest.values_list("key_result_id", flat=True))


def _lacks(row: KeyResult, *, is_thin: bool, since: dt.date, now: dt.datetime) -> list[str]:
    """Return the faults of the newest check-in as sentences; empty without any.

    Only a check-in for the week from `since`, or a later one, can be thin.
    """
    rhythm, filled = rhythm_of(row), filled_periods(row)
    unmet = (period for period in open_periods(rhythm, now) if period.monday not in filled)
    late = next((one for one in unmet if is_overdue(row, period=one, now=now)), None)
    closed, gone = closed_periods(rhythm, now)[-1:], missed_periods(row, now=now)[-1:]
    if late is not None:
        return [f"The check-in was due {closing(late.due_at, now)}."]
    if closed and gone and closed[0].monday == gone[0].monday:
        return [_missing(row, [gone[0].monday], now=now)]
    if row.last_week is None or row.last_week < since:
        return []
    few = thin_parts(insight=row.insight, next_action=row.next_action)
    has = "has" if len(few) == 1 else "each have"
    short = [f"The {' and the '.join(few)} {has} under four words."] if is_thin else []
    return [*short, *(["It is green without evidence."] if row.is_unverified else [])]


def _unfilled(notice: Notice, row: KeyResult) -> Period | None:
    """Return the period of the notice, unless it or a later one has its check-in.

    None, too, where the rhythm has changed since.
    """
    if _is_filled_since(row, notice.period):
        return None
    found = periods(rhythm_of(row))
    return next((period for period in found if period.monday == notice.period), None)


def _owner(row: KeyResult) -> str:
    return f"Owner: {row.owner.name}." if row.owner else "It has no owner yet. Choose one."


def _involvement_of(person: Membership, key_result: KeyResult) -> str:
    """Return how this person is involved: "own key results"; empty if they are not."""
    objective = key_result.objective
    if key_result.owner_id == person.pk:
        return OWNER
    if objective.owner_id == person.pk:
        return "own objectives"
    if objective.team is not None and objective.team.champion_id == person.pk:
        return "champion a team"
    return {Role.LEAD.value: "lead the program", Role.SPONSOR.value: "are the sponsor"}.get(
        person.role, ""
    )


def _is_filled_since(key_result: KeyResult, monday: dt.date) -> bool:
    """Return whether this period or a later one has its check-in."""
    return any(filled >= monday for filled in filled_periods(key_result))


def _missing(row: KeyResult, mondays: Iterable[dt.date], *, now: dt.datetime) -> str:
    """Return "No check-in for the week of 2 Mar.", a line for each week."""
    today = rhythm_of(row).day_of(now)
    days = [write_day(monday, today=today, weekday=False) for monday in mondays]
    return "\n".join(f"No check-in for the week of {day}." for day in days)
