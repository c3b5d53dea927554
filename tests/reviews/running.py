"""Reviews of tests that are run by their commands, and escalations with the dates of their state."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from checkins.models import CheckIn
from checkins.rules import assess, state_of
from engagements.models import Membership
from escalations.models import Cause, Escalation
from okrs.models import KeyResult
from reviews.commands.agendas import next_item, previous_item
from reviews.commands.reviews import close_review, plan_review, start_review
from reviews.models import AgendaItem, Review
from tests import build
from tests.checkins.posting import TUESDAY, at, post

YES: dict[str, Any] = {"on_outcomes": True, "evidence_weekly": True, "moved_resources": False}
FEBRUARY = at("2026-02-10T14:00")
OPENED = at("2026-03-09T09:04")
MONDAY = OPENED.date()


def plan(
    lead: Membership, *, kind: str = "monthly", now: dt.datetime = TUESDAY, **fields: Any
) -> Review:
    values = {"scheduled_at": now, "lead": lead, "by": lead, **fields}
    return plan_review(engagement=lead.engagement, kind=kind, now=now, **values)


def run(lead: Membership, *, now: dt.datetime = TUESDAY, **fields: Any) -> Review:
    return start_review(review=plan(lead, now=now, **fields), by=lead, now=now)


def closed(lead: Membership, *, now: dt.datetime = FEBRUARY, **fields: Any) -> Review:
    answers: dict[str, Any] = {} if fields.get("kind") == "weekly" else YES
    review = run(lead, now=now, **fields)
    return close_review(review=review, by=lead, now=now, **answers)


def go_on(review: Review, by: Membership, *, back: bool = False) -> AgendaItem | None:
    """Press next, or previous, on a current screen."""
    current = Review.objects.select_related("current_item").get(pk=review.pk).current_item
    command = previous_item if back else next_item
    at = current.public_id if current else ""
    return command(review=review, at=at, by=by, now=TUESDAY)


def key_results(lead: Membership, *titles: str, **fields: Any) -> list[KeyResult]:
    """Build live key results of the lead, from 9 down to 4 days in the first quarter of 2026."""
    committed = {"committed_at": at("2026-01-05T10:00"), "committed_by": lead}
    objective = build.objective(lead, build.cycle(lead.engagement), **committed)
    metric = build.metric(lead.engagement)
    return [build.live_key_result(objective, metric, title=title, **fields) for title in titles]


def checked(
    row: KeyResult, by: Membership, *values: str, until: dt.datetime = TUESDAY, **last: Any
) -> KeyResult:
    """Post one check-in for each week up to that day, on its Monday at 08:00; `last` belongs to the last one."""
    monday = until - dt.timedelta(days=until.weekday(), hours=2)
    for ago, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
        more = last if ago == 0 else {}
        post(row, by, actual=value, now=monday - dt.timedelta(weeks=ago), **more)
    row.refresh_from_db()
    return row


def reported(row: KeyResult, by: Membership, *values: str, confidence: int = 4) -> KeyResult:
    """Give it the state of one check-in a week up to Tuesday's week, without storing them."""
    rows = []
    for place, value in enumerate(values, start=1):
        monday = MONDAY - dt.timedelta(weeks=len(values) - place)
        found = assess(row, actual=Decimal(value), confidence=confidence, day=monday)
        stored = {"pk": place, "period": monday, "week": monday, "measured_on": monday}
        scored = {"actual": Decimal(value), "score": found.score, "rag": found.rag}
        rows.append(CheckIn(posted_at=OPENED, confidence=confidence, **stored, **scored))
    return build.set_state(row, state=state_of(rows), by=by, now=TUESDAY)


def live_version(review: Review) -> int:
    return Review.objects.values_list("live_version", flat=True).get(pk=review.pk)


def url(review: Review, name: str = "review-detail", *more: str) -> str:
    """Return the address of a page of this review."""
    app = "status" if name == "summary-update" else "reviews"
    return reverse(f"{app}:{name}", args=[review.engagement.slug, review.public_id, *more])


def seen(client: Client, review: Review) -> str:
    """Return the version that the screen of this reader shows."""
    page = client.get(url(review))
    return page.text.split('name="seen" value="')[1].split('"')[0]


def current_title(review: Review) -> str:
    """Return the title of the item that everyone follows."""
    review.refresh_from_db()
    return review.current_item.title if review.current_item else ""


def items(review: Review) -> list[AgendaItem]:
    return list(AgendaItem.objects.filter(review=review).order_by("position"))


def titles(review: Review) -> list[str]:
    return [item.title for item in items(review)]


def item(review: Review, title: str) -> AgendaItem:
    return AgendaItem.objects.select_related("review").get(review=review, title=title)


def escalate(key_result: KeyResult, *, watched: bool = False, **fields: Any) -> Escalation:
    """Opened on Monday 9 March 2026 at 09:04 and active at once, its huddle due on Wednesday.

    In place of the one that check-ins may have opened for the same streak.
    """
    clock = {
        "activated_at": None if watched else OPENED,
        "huddle_due_at": None if watched else OPENED + dt.timedelta(hours=48),
        "cause": "" if watched else Cause.PACE,
    }
    streak = fields.pop("streak", key_result.red_since or dt.date(2026, 3, 2))
    found, _ = Escalation.objects.update_or_create(
        engagement_id=key_result.engagement_id,
        key_result=key_result,
        streak=streak,
        defaults={"opened_at": OPENED, **clock, **fields},
    )
    return found


def recovery_plan(key_result: KeyResult, **fields: Any) -> dict[str, Any]:
    """What a recovery plan adds: recorded on Tuesday, its checkpoint on 24 March."""
    return {
        "outcome": "ask_help",
        "plan": "Borrow an engineer from Reporting",
        "plan_owner": key_result.owner,
        "checkpoint_on": dt.date(2026, 3, 24),
        "answered_at": at("2026-03-10T08:00"),
        "answered_by": key_result.owner,
        **fields,
    }
