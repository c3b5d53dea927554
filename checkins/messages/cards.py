"""Cards of key results in emails, and moments on the reader's clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from checkins.periods import Period, filled_periods, periods, rhythm_of
from engagements.models import Membership, Role
from engagements.permissions import Permission, may
from notifications.models import Notice
from notifications.rules import DigestItem, Noun
from okrs.formatting import NO_BREAK, write_day, write_value
from okrs.models import KeyResult
from scoring import Rag, format_score

CHECK_IN = Noun("check-in", "check-ins", "to do")
KEY_RESULT = Noun("key result", "key results", "need a look")
Subjects = Iterator[tuple[Notice, KeyResult]]


def live_subjects(notices: Sequence[Notice]) -> Subjects:
    """Return notices with their key results, of those that still take check-ins. One query."""
    rows = (
        KeyResult.objects.live()
        .for_card()
        .select_related("engagement", "objective__owner")
        .filter(engagement_id=notices[0].engagement_id)
        .in_bulk({one.subject for one in notices})
    )
    return ((one, rows[one.subject]) for one in notices if one.subject in rows)


def period_of(notice: Notice, key_result: KeyResult) -> Period | None:
    """Return the period of a notice; None where the rhythm has changed since."""
    found = periods(rhythm_of(key_result))
    return next((period for period in found if period.monday == notice.period), None)


def is_filled_since(key_result: KeyResult, monday: dt.date) -> bool:
    """Return whether this period or a later one has its check-in."""
    return any(filled >= monday for filled in filled_periods(key_result))


def card(key_result: KeyResult, *, to: Membership, **fields: Any) -> DigestItem:
    """Return the card of a key result in an email, with its latest value, RAG and score."""
    rag, unit = Rag(key_result.rag), key_result.metric.unit if key_result.metric else ""
    has_value = key_result.latest_value is not None
    value = write_value(key_result.latest_value, unit=unit)
    score = format_score(key_result.score, scale=key_result.engagement.score_scale)
    return DigestItem(
        title=key_result.title,
        about=f"key_result:{key_result.pk}",
        meta=f"last {value}" if has_value else value,
        rag=rag if has_value else None,
        score=score if key_result.score is not None else "",
        why=involvement_of(to, key_result),
        **{"url": page_of(key_result), "button": "Open", **fields},
    )


def page_of(key_result: KeyResult) -> str:
    slug = key_result.engagement.slug
    return reverse("workspace:key-result-detail", args=[slug, key_result.public_id])


def check_in_link(key_result: KeyResult, *, member: Membership) -> dict[str, str]:
    """Return the link to the check-in for people who may check in, else to the key result's page."""
    if not may(member.role, Permission.CHECK_IN):
        return {"url": page_of(key_result), "button": "Open"}
    slug = key_result.engagement.slug
    form = reverse("checkins:check-in-create", args=[slug, key_result.public_id])
    back = urlencode({"next": page_of(key_result)}, safe="/")
    return {"url": f"{form}?{back}", "button": "Check in"}


def involvement_of(person: Membership, key_result: KeyResult) -> str:
    """Return how this person is involved: "own key results"; empty if they are not."""
    objective = key_result.objective
    if key_result.owner_id == person.pk:
        return "own key results"
    if objective.owner_id == person.pk:
        return "own the objective"
    if objective.team is not None and objective.team.champion_id == person.pk:
        return "champion the team"
    return {Role.LEAD.value: "lead the program", Role.SPONSOR.value: "sponsor it"}.get(
        person.role, ""
    )


def moment(at: dt.datetime, *, now: dt.datetime) -> str:
    """Return "today 10:00", "tomorrow 10:00" or "Mon 16 Mar 10:00"; midnight is 24:00."""
    local, today = timezone.localtime(at), timezone.localdate(now)
    on, time = local.date(), f"{local:%H:%M}"
    if local.time() == dt.time(0):
        on, time = on - dt.timedelta(days=1), "24:00"
    near = {0: "today", 1: "tomorrow"}.get((on - today).days)
    return f"{near or write_day(on, today=today)}{NO_BREAK}{time}"


def week_of(monday: dt.date, *, today: dt.date) -> str:
    """Return "the week of 2 Mar"."""
    return f"the week of {write_day(monday, today=today, weekday=False)}"
