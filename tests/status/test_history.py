"""The page of an earlier day is the page of that day, unchanged by later events."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from checkins.commands import undo_check_in
from checkins.models import CheckIn
from decisions.models import Decision
from engagements.models import Engagement, Membership, Role
from escalations.commands import decide_escalation, record_outcome, set_huddle
from escalations.jobs import update_escalations
from escalations.models import Escalation
from okrs.models import Cycle, KeyResult, Objective, Team
from okrs.queries.cycles import end_of
from reviews.models import Review
from status.commands import publish_report
from status.jobs import store_snapshots
from status.models import Snapshot
from status.queries import page_now, snapshot_on
from status.schema import Page
from status.snapshots import Moment, build_snapshot, content_hash, moment_of
from tests import build
from tests.checkins.posting import post
from tests.reviews.meeting import decide, planned, supersede
from tests.status.quarter import key_result, objective

pytestmark = pytest.mark.slow

FIRST, DAYS = dt.date(2026, 1, 12), 60
HOUR = dt.timedelta(hours=1)
ACTIVE: dict[str, Any] = {"activated_at__isnull": False, "answered_at": None, "raised_at": None}


class History:
    """Things that happen to one client, at the instants at which the clock says they do."""

    def __init__(self, lead: Membership, chance: random.Random) -> None:
        self.lead, self.chance = lead, chance
        self.people = [lead, build.member(lead.engagement, "Bob", Role.CONTRIBUTOR)]
        team = build.team(lead.engagement)
        self.company = objective(lead)
        self.own = objective(
            lead, title="Win back trust", team=team, parent=self.company, cycle=self.company.cycle
        )
        self.rows = [
            key_result(goal, f"Result {number}", metric=build.metric(lead.engagement, f"M{number}"))
            for number, goal in enumerate((self.company, self.company, self.own))
        ]

        self.red = key_result(self.own, "Red for ever")

    def happen(self, now: dt.datetime) -> None:
        often = [self.check_in] * 3 + [self.answer] * 2
        seldom = [self.undo, self.sweep, self.convene, self.rule, self.rename, self.hand_over]
        seldom += [self.reorder, self.move_end, self.add, self.decide, self.supersede, self.publish]
        act = self.chance.choice(often + seldom)
        act(now)

    def check_in(self, now: dt.datetime) -> None:
        value, sure = self.chance.randint(0, 10), self.chance.randint(1, 5)
        words = {"insight": f"Seen {now:%d %b}", "next_action": f"Do {value}"}
        link = self.chance.choice(["", "https://example.test/report"])
        row = self.chance.choice(self.rows)
        post(row, self.lead, actual=value, confidence=sure, evidence_url=link, now=now, **words)

    def stay_red(self, now: dt.datetime) -> None:
        """Week after week, so that it escalates."""
        post(self.red, self.lead, actual=1, confidence=2, now=now)

    def undo(self, now: dt.datetime) -> None:
        self.check_in(now)
        newest = CheckIn.objects.current().order_by("-id").first()
        if newest is not None:
            try:
                undo_check_in(check_in=newest, by=self.lead, now=now)
            except ValidationError:
                return  # it is not the newest of its key result

    def sweep(self, now: dt.datetime) -> None:
        update_escalations(now=now, using="default")

    def open_one(self, now: dt.datetime, **state: Any) -> dict[str, Any] | None:
        """An open escalation in that state, as its commands take it."""
        found = Escalation.objects.open().filter(**state).first()
        if found is None:
            return None
        return {"escalation": found, "version": found.version, "by": self.lead, "now": now}

    def convene(self, now: dt.datetime) -> None:
        """A huddle that may be moved later."""
        if known := self.open_one(now, **ACTIVE):
            set_huddle(at=now + dt.timedelta(hours=self.chance.randint(2, 30)), **known)

    def answer(self, now: dt.datetime) -> None:
        if known := self.open_one(now, **ACTIVE):
            record_outcome(
                outcome="change_bet",
                plan=f"Planned {now:%d %b %H}",
                plan_owner=self.lead,
                checkpoint_on=now.date() + dt.timedelta(days=self.chance.randint(2, 9)),
                **known,
            )

    def rule(self, now: dt.datetime) -> None:
        if known := self.open_one(now, raised_at__isnull=False):
            decide_escalation(
                verdict="resources",
                note=f"Ruled {now:%d %b %H}",
                word_of="Priya",
                evidence_url="https://example.test/minutes",
                **known,
            )

    def rename(self, now: dt.datetime) -> None:
        name = f"Renamed {now:%d %b %H}"
        model = self.chance.choice([KeyResult, Objective, Team, Membership])
        field = "name" if model in (Team, Membership) else "title"
        row = model._default_manager.order_by("id").first()
        model._default_manager.filter(pk=row.pk if row else 0).update(**{field: name})

    def hand_over(self, now: dt.datetime) -> None:
        owner = self.chance.choice(self.people)
        row = self.chance.choice(self.rows)
        KeyResult.objects.filter(pk=row.pk).update(owner=owner, weight=self.chance.choice([1, 2]))

    def reorder(self, now: dt.datetime) -> None:
        for row in self.rows:
            KeyResult.objects.filter(pk=row.pk).update(position=self.chance.randint(0, 9))
        for goal in (self.company, self.own):
            Objective.objects.filter(pk=goal.pk).update(position=self.chance.randint(0, 9))

    def move_end(self, now: dt.datetime) -> None:
        """At times before today, so that the cycle rests, or runs on."""
        ends_on = now.date() + dt.timedelta(days=self.chance.randint(-3, 20))
        Cycle.objects.filter(pk=self.company.cycle_id).update(ends_on=ends_on)

    def add(self, now: dt.datetime) -> None:
        goal = self.chance.choice([self.company, self.own])
        if len(self.rows) < 6:
            self.rows.append(key_result(goal, f"Late {len(self.rows)}", committed_at=now))

    def decide(self, now: dt.datetime) -> None:
        known: dict[str, Any] = {"client_visible": self.chance.random() < 0.7, "now": now}
        known["key_result"] = KeyResult.objects.get(pk=self.chance.choice(self.rows).pk)
        due_on = now.date() + dt.timedelta(days=14)
        decide(self.open_review(now), self.lead, f"Decided {now:%d %b %H}", due_on=due_on, **known)

    def supersede(self, now: dt.datetime) -> None:
        old = Decision.objects.filter(superseded_by=None).order_by("id").first()
        if old is not None:
            due_on = now.date() + dt.timedelta(days=14)
            supersede(old, self.lead, text=f"Instead {now:%d %b %H}", due_on=due_on, now=now)

    def publish(self, now: dt.datetime) -> None:
        review = self.open_review(now)
        standings = {
            row.public_id: {"value": str(row.latest_value), "rag": row.rag}
            for row in KeyResult.objects.exclude(latest_value=None)
        }
        build.change(review, standings=standings, closed_at=now, closed_by=self.lead)
        words = dict.fromkeys(("moved", "red", "decided", "next_steps"), f"Said {now:%d %b}")
        publish_report(
            engagement=self.lead.engagement,
            words={"headline": f"Report {now:%d %b %H}", **words},  # type: ignore[typeddict-item]
            by=self.lead,
            now=now,
            review=review,
        )

    def open_review(self, now: dt.datetime) -> Review:
        known = {"title": f"Review {now:%d %b}", "scheduled_at": now, "started_at": now}
        return Review.objects.ahead().first() or planned(self.lead, **known)


@pytest.mark.parametrize("seed", range(4))
def test_days_read_as_they_were(
    alice: Membership, clock: time_machine.Traveller, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a fixed story, no secret
    engagement = alice.engagement
    history = History(alice, chance)
    pages: dict[dt.date, Page] = {}
    for day in (FIRST + dt.timedelta(days=number) for number in range(DAYS)):
        end = end_of(day, engagement=engagement)
        for hour in sorted(chance.sample(range(7, 21), chance.choice([0, 0, 1, 2, 3]))):
            now = end - (24 - hour) * HOUR
            clock.move_to(now)
            history.happen(now)
            run_job(engagement, now=now)
        if day.weekday() == 0:
            clock.move_to(end - HOUR)
            history.stay_red(end - HOUR)
        run_job(engagement, now=end)
        pages[day] = build_snapshot(engagement, Moment(day=day, is_due=True))

    clock.move_to(end_of(FIRST + dt.timedelta(days=DAYS), engagement=engagement))
    assert Snapshot.objects.count() == DAYS
    for day, page in pages.items():
        stored = snapshot_on(engagement, day=day)
        assert stored is not None
        assert (stored.day, stored.hash) == (day, content_hash(page))
        assert content_hash(stored.content) == stored.hash
    texts = {json.dumps(page) for page in pages.values()}
    assert len(texts) > DAYS / 2
    assert any("recovery plan, checkpoint" in text for text in texts)


def run_job(engagement: Engagement, *, now: dt.datetime) -> None:
    """Let the job come by twice, and a reader between: all have the same page."""
    store_snapshots(now=now, using="default")
    engagement.refresh_from_db()
    moment = moment_of(engagement, now=now)
    assert page_now(engagement, moment=moment) == build_snapshot(engagement, moment)
    assert store_snapshots(now=now, using="default") == 0
