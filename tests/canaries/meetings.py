"""The reviews of a client: published, closed and not published, running, to come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from decisions.commands import complete_action
from decisions.models import Decision
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.commands.agendas import add_item, answer_item, next_item, park_item
from reviews.commands.reviews import close_review, plan_review, start_review
from reviews.models import AgendaItem, Review
from status.commands import publish_report, save_draft
from status.models import Report
from status.queries import draft_of
from status.schema import ReportText
from tests.canaries.marks import Marks
from tests.checkins.posting import at
from tests.reviews.meeting import act, decide, supersede

WORDS = ("headline", "moved", "red", "decided", "next_steps")
FEBRUARY, WEEKLY, RELEASED = at("2026-02-10T14:00"), at("2026-02-18T14:00"), at("2026-03-03T14:00")
MARCH, APRIL = at("2026-03-10T08:30"), at("2026-04-07T14:00")
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Meetings:
    """Runs the reviews of one client about one key result."""

    marks: Marks
    lead: Membership
    other: Membership
    about: KeyResult

    def hold_february(self) -> Report:
        """Published twice: in the words of the draft, and once more in the lead's own."""
        marks = self.marks
        # Clients read the day of the next review, not its name.
        self.plan("monthly", at=APRIL, title=marks.inside("review.title.april"))
        review = self.start(
            "monthly", at=FEBRUARY, title=marks.client_reads("review.title.february")
        )
        item = self.capture(review, name="february", now=FEBRUARY)
        self.decide(review, marks.client_reads("decision.text"), item=item, client_visible=True)
        hidden = marks.inside("decision.text.hidden")
        self.decide(review, hidden, item=item, client_visible=False)
        self.change_its_mind(review, item=item)
        self.close(review, now=FEBRUARY + DAY / 24)
        self.publish(review, now=FEBRUARY + DAY / 8)
        self.edit_summary(review, mark=marks.client_reads)
        return self.publish(review, now=FEBRUARY + DAY)

    def hold_weekly(self) -> Review:
        """Closed, its summary never published."""
        marks = self.marks
        review = self.start("weekly", at=WEEKLY, title=marks.inside("review.title.weekly"))
        item = self.capture(review, name="weekly", now=WEEKLY)
        unpublished = marks.inside("decision.text.unpublished")
        self.decide(review, unpublished, item=item, client_visible=True, now=WEEKLY)
        self.close(review, now=WEEKLY + DAY / 24)
        self.edit_summary(review, mark=marks.inside)
        return review

    def release_without_review(self) -> Report:
        words = {name: self.marks.client_reads(f"report.{name}") for name in WORDS}
        return self._publish(words, now=RELEASED)

    def run_march(self) -> Review:
        """Running now: nothing of it is out yet."""
        marks = self.marks
        review = self.start("monthly", at=MARCH, title=marks.inside("review.title.march"))
        item = self.capture(review, name="march", now=MARCH)
        for visible in (True, False):
            text = marks.inside("decision.text.running")
            self.decide(review, text, item=item, client_visible=visible, now=MARCH)
        return review

    def decide_again_later(self) -> None:
        """A decision that clients know, superseded after the publication: they still read that."""
        known = self.marks.client_reads("decision.text")
        decision = Decision.objects.get(engagement=self.lead.engagement, text=known)
        later = self.marks.inside("decision.text.later")
        supersede(decision, self.lead, text=later, now=MARCH)

    # The steps

    def plan(self, kind: str, *, at: dt.datetime, title: str) -> Review:
        return plan_review(
            engagement=self.lead.engagement,
            kind=kind,
            scheduled_at=at,
            lead=self.lead,
            by=self.lead,
            now=min(at, FEBRUARY) - DAY,
            title=title,
            attendees=[self.other],
        )

    def start(self, kind: str, *, at: dt.datetime, title: str) -> Review:
        review = self.plan(kind, at=at, title=title)
        return start_review(review=review, by=self.lead, now=at)

    def capture(self, review: Review, *, name: str, now: dt.datetime) -> AgendaItem:
        """Items of its own, one of them parked, and what people have to do."""
        marks = self.marks
        room: dict[str, Any] = {"review": review, "by": self.lead, "now": now}
        own = add_item(**room, title=marks.inside(f"agendaitem.title.{name}"), minutes=5)
        parked = add_item(**room, title=marks.inside("agendaitem.title.parked"), minutes=5)
        park_item(item=parked, by=self.lead, now=now)
        review.refresh_from_db(fields=["current_item"])
        next_item(**room, at=review.current_item.public_id)
        drawn = AgendaItem.objects.filter(engagement=self.lead.engagement, review=review)
        for item in drawn.filter(key_result=self.about):
            answer_item(item=item, still_right=False, by=self.lead, now=now)
        for what, owner in (("open", self.lead), ("done", self.other)):
            action = act(
                **room,
                what=marks.inside(f"actionitem.what.{what}"),
                owner=owner,
                due_on=now.date() + DAY,
                agenda_item=own,
                key_result=self.about,
            )
            if what == "done":
                complete_action(action=action, by=owner, now=now)
        return own

    def decide(
        self,
        review: Review,
        text: str,
        *,
        item: AgendaItem,
        client_visible: bool,
        now: dt.datetime = FEBRUARY,
    ) -> Decision:
        return decide(
            review,
            self.lead,
            text,
            agenda_item=item,
            key_result=self.about,
            evidence_url=self.marks.inside_url("decision.evidence"),
            client_visible=client_visible,
            now=now,
        )

    def change_its_mind(self, review: Review, *, item: AgendaItem) -> None:
        """Superseded in the room: shown to nobody outside, whether what came then is or is not."""
        marks = self.marks
        for name, visible in (("shown", True), ("hidden", False)):
            text = marks.inside(f"decision.text.superseded.{name}")
            first = self.decide(review, text, item=item, client_visible=True)
            mark = marks.client_reads if visible else marks.inside
            text = mark(f"decision.text.then.{name}")
            supersede(first, self.lead, text=text, client_visible=visible, now=FEBRUARY)

    def close(self, review: Review, *, now: dt.datetime) -> None:
        answers: dict[str, Any] = {}
        if review.kind == "monthly":
            answers = {"on_outcomes": True, "evidence_weekly": True, "moved_resources": False}
        note = self.marks.inside("review.closing_note")
        close_review(review=review, by=self.lead, now=now, closing_note=note, **answers)

    def edit_summary(self, review: Review, *, mark: Any) -> None:
        closed = Review.objects.get(engagement=self.lead.engagement, pk=review.pk)
        draft = draft_of(closed, engagement=self.lead.engagement, now=MARCH)
        words = {name: mark(f"reportdraft.{name}") for name in WORDS}
        save_draft(review=closed, version=draft.version, by=self.lead, **words)

    def publish(self, review: Review, *, now: dt.datetime) -> Report:
        closed = Review.objects.get(engagement=self.lead.engagement, pk=review.pk)
        draft = draft_of(closed, engagement=self.lead.engagement, now=now)
        words = {name: getattr(draft, name) for name in WORDS}
        return self._publish(words, now=now, review=closed)

    def _publish(
        self, words: dict[str, str], *, now: dt.datetime, review: Review | None = None
    ) -> Report:
        return publish_report(
            engagement=self.lead.engagement,
            words=cast(ReportText, words),
            review=review,
            by=self.lead,
            now=now,
        )
