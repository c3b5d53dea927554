"""Reviews of a client in which everything said is long: published, not yet published, running."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

from django.utils import timezone

from decisions.commands import complete_action
from decisions.models import Decision
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.commands.agendas import add_item, next_item, park_item
from reviews.commands.recording import (
    add_review_action,
    record_review_decision,
    supersede_review_decision,
)
from reviews.commands.reviews import close_review, plan_review, start_review
from reviews.models import AgendaItem, Review
from status.commands import publish_report, save_draft
from status.schema import ReportText

DAY = dt.timedelta(days=1)
WORDS = ("moved", "red", "decided", "next_steps")


def meet(
    about: KeyResult, *, lead: Membership, other: Membership, said: str, titles: Sequence[str]
) -> None:
    """Titles are cut to what the fields hold."""
    now = timezone.now()
    room = _Room(lead, other, said)
    past = room.start("monthly", titles[1], at=now - 6 * DAY)
    item = room.capture(past, about, titles, now=now - 6 * DAY)
    first = room.decide(past, said, item=item, about=about, now=now - 6 * DAY)
    supersede_review_decision(
        decision=first, text=titles[1], owner=other, due_on=now.date() + DAY, change="bet",
        client_visible=True, by=lead, now=now - 6 * DAY,
    )  # fmt: skip
    room.decide(past, titles[2], item=item, about=about, now=now - 6 * DAY)
    room.close(past, now=now - 5 * DAY)
    room.publish(past, titles[0], now=now - 5 * DAY)
    weekly = room.start("weekly", titles[2], at=now - 2 * DAY)
    room.capture(weekly, about, titles, now=now - 2 * DAY)
    room.close(weekly, now=now - 2 * DAY)
    room.plan("monthly", titles[0], at=now + 20 * DAY)
    running = room.start("monthly", titles[3], at=now)
    item = room.capture(running, about, titles, now=now)
    room.decide(running, said, item=item, about=about, now=now)


class _Room:
    def __init__(self, lead: Membership, other: Membership, said: str) -> None:
        self.lead, self.other, self.said = lead, other, said

    def plan(self, kind: str, title: str, *, at: dt.datetime) -> Review:
        return plan_review(
            engagement=self.lead.engagement,
            kind=kind,
            scheduled_at=at,
            lead=self.lead,
            by=self.lead,
            now=timezone.now() - 10 * DAY,
            title=title[:120],
            attendees=[self.other],
        )

    def start(self, kind: str, title: str, *, at: dt.datetime) -> Review:
        return start_review(review=self.plan(kind, title, at=at), by=self.lead, now=at)

    def capture(
        self, review: Review, about: KeyResult, titles: Sequence[str], *, now: dt.datetime
    ) -> AgendaItem:
        """Items of each title, one parked; an action overdue, one done, one to do."""
        room: dict[str, Any] = {"review": review, "by": self.lead, "now": now}
        items = [add_item(**room, title=title, minutes=5) for title in titles]
        park_item(item=items[-1], by=self.lead, now=now)
        review.refresh_from_db(fields=["current_item"])
        if review.current_item is not None:
            next_item(**room, at=review.current_item.public_id)
        for number, what in enumerate((self.said, titles[1], titles[2])):
            action = add_review_action(
                **room,
                what=what,
                owner=(self.lead, self.other)[number % 2],
                due_on=now.date() + number * DAY,
                agenda_item=items[0],
                key_result=about,
            )
            if number == 1:
                complete_action(action=action, by=self.other, now=now)
        return items[0]

    def decide(
        self, review: Review, text: str, *, item: AgendaItem, about: KeyResult, now: dt.datetime
    ) -> Decision:
        return record_review_decision(
            review=review,
            text=text,
            agenda_item=item,
            key_result=about,
            evidence_url=f"https://example.test/{'evidence-' * 30}",
            owner=self.other,
            due_on=now.date() + 14 * DAY,
            change="priority",
            client_visible=True,
            by=self.lead,
            now=now,
        )

    def close(self, review: Review, *, now: dt.datetime) -> None:
        answers = {"on_outcomes": True, "evidence_weekly": True, "moved_resources": False}
        asked = answers if review.kind == "monthly" else {}
        close_review(review=review, by=self.lead, now=now, closing_note=self.said, **asked)

    def publish(self, review: Review, headline: str, *, now: dt.datetime) -> None:
        words = {"headline": headline, **dict.fromkeys(WORDS, self.said)}
        save_draft(review=review, version=1, by=self.lead, **words)
        publish_report(
            engagement=self.lead.engagement,
            words=cast(ReportText, words),
            review=Review.objects.get(engagement=self.lead.engagement, pk=review.pk),
            by=self.lead,
            now=now,
        )
