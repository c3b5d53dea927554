"""Holds the reviews of a story by the product's own commands, each at its time."""

from __future__ import annotations

import datetime as dt
from typing import cast

from decisions.commands.actions import complete_action
from demo.stories.people import Members, acting
from demo.stories.story import ClientStory, Meeting, Person, ToDo
from engagements.commands.share_links import create_share_link
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.commands import (
    add_review_action,
    close_review,
    plan_review,
    record_review_decision,
    start_review,
)
from reviews.models import Review
from status.commands import publish_report
from status.models import WORDS
from status.page import Words
from status.queries.reports import draft_of

PLANNED_BEFORE = dt.timedelta(days=4)
A_MINUTE = dt.timedelta(minutes=1)
LASTS = dt.timedelta(minutes=41)


def hold(meeting: Meeting, *, at: dt.datetime, members: Members, now: dt.datetime) -> None:
    """Plan, run, close and publish one review; what was done by `now` is done."""
    lead = members[Person.LEAD]
    review = _planned(meeting.kind, at=at, members=members, now=at - PLANNED_BEFORE)
    start_review(review=review, by=lead, now=at)
    for number, decided in enumerate(meeting.decided, start=1):
        on = lead.engagement.today(at)
        record_review_decision(
            review=review,
            text=decided.text,
            owner=members[decided.owner],
            due_on=on + dt.timedelta(days=decided.due),
            change=decided.change,
            client_visible=decided.client_visible,
            key_result=_key_result(decided.metric, lead=lead),
            by=lead,
            now=at + 5 * number * A_MINUTE,
        )
    for to_do in meeting.to_do:
        _add(to_do, review=review, at=at + 30 * A_MINUTE, members=members, now=now)
    _close(meeting, review=review, by=lead, at=at + LASTS)


def look_ahead(story: ClientStory, *, members: Members, now: dt.datetime) -> None:
    """Plan the review to come, and hand out the share link."""
    lead = members[Person.LEAD]
    if story.planned:
        on = lead.engagement.today(now) + dt.timedelta(days=story.planned.days)
        at = dt.datetime.combine(on, story.planned.at, tzinfo=lead.engagement.zone)
        _planned(story.planned.kind, at=at, members=members, now=now)
    if story.shared_with:
        label, engagement = story.shared_with, lead.engagement
        create_share_link(engagement=engagement, label=label, by=lead, now=now)


def _planned(kind: str, *, at: dt.datetime, members: Members, now: dt.datetime) -> Review:
    lead = members[Person.LEAD]
    asked = [one for person, one in members.items() if person is not Person.CLIENT]
    return plan_review(
        engagement=lead.engagement,
        kind=kind,
        scheduled_at=at,
        lead=lead,
        attendees=asked,
        by=lead,
        now=now,
    )


def _add(
    to_do: ToDo, *, review: Review, at: dt.datetime, members: Members, now: dt.datetime
) -> None:
    lead = members[Person.LEAD]
    action = add_review_action(
        what=to_do.what,
        owner=members[to_do.owner],
        due_on=lead.engagement.today(at) + dt.timedelta(days=to_do.due),
        review=review,
        key_result=_key_result(to_do.metric, lead=lead) if to_do.metric else None,
        by=lead,
        now=at,
    )
    if to_do.done is not None:
        done_at = min(now, at + dt.timedelta(days=to_do.done))
        with acting(members[to_do.owner]) as owner:
            complete_action(action=action, by=owner, now=done_at)


def _close(meeting: Meeting, *, review: Review, by: Membership, at: dt.datetime) -> None:
    closed = close_review(
        review=review,
        by=by,
        now=at,
        closing_note=meeting.note,
        on_outcomes=True,
        evidence_weekly=True,
        moved_resources=any(one.change == "resources" for one in meeting.decided),
    )
    drafted = draft_of(closed, engagement=by.engagement, now=at)
    words = {name: getattr(drafted, name) for name in WORDS}
    own = {"headline": meeting.headline, "next_steps": meeting.next_steps}
    publish_report(
        engagement=by.engagement,
        words=cast(Words, {**words, **{name: text for name, text in own.items() if text}}),
        by=by,
        now=at + 20 * A_MINUTE,
        review=closed,
    )


def _key_result(metric: str, *, lead: Membership) -> KeyResult:
    committed = KeyResult.objects.filter(engagement=lead.engagement, committed_at__isnull=False)
    return committed.select_related("objective", "metric").get(metric__name=metric)
