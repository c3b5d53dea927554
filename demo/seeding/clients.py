"""A client that is built row by row, scored by the functions that a post uses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from checkins.assessment import is_thin
from checkins.key_result_states import recompute_state
from checkins.models import Blocker, CheckIn, HelpRequest
from demo.seeding.stories import COURSES, DECISIONS, OBJECTIVES, REPORT, SHAPES, Course
from engagements.models import Engagement, Membership
from metrics.models import Metric
from okrs.commands import update_state
from okrs.models import ContributionLink, Cycle, KeyResult, Objective, Stage, Team
from okrs.states import early_until
from reviews.commands import (
    add_review_action,
    close_review,
    plan_review,
    record_review_decision,
    start_review,
)
from scoring import Method, rag, score
from status.commands import publish_report
from tenancy.locks import lock
from tenancy.scoping import identity

WEEK = dt.timedelta(days=7)
CYCLE_ENDS_AFTER = dt.timedelta(days=27)  # counted from the Monday of the running week


class SeededClient:
    """One client that is built row by row, inside its scope."""

    def __init__(
        self,
        engagement: Engagement,
        members: dict[str, Membership],
        *,
        number: int,
        weeks: int,
        monday: dt.date,
    ) -> None:
        self.engagement, self.members, self.number = engagement, members, number
        self.weeks, self.monday = weeks, monday
        self.mondays = [monday - WEEK * ahead for ahead in range(weeks, 0, -1)]
        self.began = at_hour(self.mondays[0], hour=5)

    def build(self) -> None:
        objectives = list(self.objectives())
        key_results = list(self.key_results(objectives))
        source_ids = [key_results[place].pk for place in (4, 8, 12)]
        for source in source_ids:
            self.create(ContributionLink, source_id=source, target=key_results[0], how="By reach.")
        reviewed_on = self.monday - min(self.weeks, 2) * WEEK + dt.timedelta(days=3)
        early = [monday for monday in self.mondays if monday < reviewed_on]
        self.check_in(key_results, mondays=early)
        with identity(user_id=self.members["lead"].user_id):
            self.hold_review(objectives, at=at_hour(reviewed_on, hour=13))
        self.check_in(key_results, mondays=self.mondays[len(early) :])
        self.ask_for_help(key_results)

    def create(self, model: Any, *, by: Membership | None = None, **fields: Any) -> Any:
        with identity(user_id=by.user_id if by else None):
            return model.objects.create(engagement=self.engagement, **fields)

    def objectives(self) -> Iterator[Objective]:
        days: dict[str, Any] = {
            "starts_on": self.mondays[0],
            "ends_on": self.monday + CYCLE_ENDS_AFTER,
        }
        cycle, parent = self.create(Cycle, name="Running cycle", **days), None
        for position, (name, title) in enumerate(OBJECTIVES, start=1):
            owner = self.members["champion" if name else "lead"]
            objective = self.create(
                Objective,
                by=owner,
                public_id=f"seedobject{position:02}",
                cycle=cycle,
                team=self.create(Team, name=name, champion=owner) if name else None,
                parent=parent,
                title=title,
                owner=owner,
                position=position,
                **self.committed(by=owner),
            )
            parent = parent or objective
            yield objective

    def committed(self, *, by: Membership) -> dict[str, Any]:
        return {"created_by": by, "committed_by": by, "committed_at": self.began}

    def key_results(self, objectives: Sequence[Objective]) -> Iterator[KeyResult]:
        for place, shape in enumerate(SHAPES):
            objective, owner = objectives[place // 4], self.members[shape.owner]
            metric = self.create(
                Metric,
                name=shape.title,
                unit=shape.unit,
                owner=owner,
                source="Data warehouse",
                refresh="weekly",
                access="Everyone on the team",
                fetched_by="The data team",
            )
            key_result = KeyResult(
                engagement=self.engagement,
                public_id=f"seedresult{place:02}",
                objective=objective,
                metric=metric,
                title=shape.title,
                owner=owner,
                method=(Method.LADDER if shape.rungs else Method.LINEAR).value,
                direction="higher" if shape.target > shape.baseline else "lower",
                baseline=shape.baseline,
                target=shape.target,
                ladder=[list(rung) for rung in shape.rungs],
                starts_on=self.mondays[0],
                due_on=self.monday + CYCLE_ENDS_AFTER,
                indicator="lagging" if place % 2 else "leading",
                commitment="aspirational" if place % 4 == 3 else "committed",
                position=1 + place % 4,
                stage=Stage.COMMITTED,
                **self.committed(by=objective.owner),
            )
            key_result.early_until = early_until(key_result)
            with identity(user_id=objective.owner.user_id):
                key_result.save(force_insert=True)
            yield key_result

    def check_in(self, key_results: Iterable[KeyResult], *, mondays: Sequence[dt.date]) -> None:
        """Post for these weeks, and bring each key result's state up to date."""
        for place, key_result in enumerate(key_results):
            if not (own := self.posts(key_result, place, mondays)):
                continue
            with identity(user_id=own[-1].author.user_id):
                lock(key_result)
                CheckIn.objects.bulk_create(own)
                update_state(
                    key_result=key_result,
                    state=recompute_state(key_result),
                    by=own[-1].author,
                    now=own[-1].posted_at,
                )

    def posts(self, key_result: KeyResult, place: int, mondays: Sequence[dt.date]) -> list[CheckIn]:
        course = COURSES[(self.number * len(SHAPES) + place) % len(COURSES)]
        left_out = (place * 3 + self.number * 5) % (2 * self.weeks)  # every other one misses a week
        return [
            self.post(key_result, place, course, index=index, monday=monday)
            for index, monday in enumerate(self.mondays)
            if monday in mondays and (index != left_out or index >= self.weeks - 4)
        ]

    def post(
        self, key_result: KeyResult, place: int, course: Course, *, index: int, monday: dt.date
    ) -> CheckIn:
        """Posted in the morning on which it is due, on the client's clock."""
        shape, words = SHAPES[place], {"insight": course.insight, "next_action": course.next_action}
        way = self.way(course, index)
        actual = shape.baseline + (shape.target - shape.baseline) * way
        actual = actual.quantize(Decimal("0.1"))
        result = score(
            method=Method(key_result.method),
            actual=actual,
            baseline=Decimal(shape.baseline),
            target=Decimal(shape.target),
            rungs=[(Decimal(threshold), Decimal(share)) for threshold, share in shape.rungs],
            higher_is_better=shape.target > shape.baseline,
        )
        assert result is not None  # noqa: S101 - the value is given
        minutes = dt.timedelta(minutes=450 + (place * 13 + index * 11) % 140)
        midnight = dt.datetime.combine(monday, dt.time(), tzinfo=self.engagement.zone)
        return CheckIn(
            engagement=self.engagement,
            key_result=key_result,
            period=monday,
            week=monday,
            measured_on=monday,
            actual=actual,
            score=result,
            rag=rag(result).value,
            confidence=course.confidence - (index + place) % 4 // 3,
            next_action_due=monday + WEEK,
            is_thin=is_thin(**words),
            evidence_url="https://example.com/figures" if place % 2 else "",
            due_at=midnight + dt.timedelta(hours=10),
            closes_at=midnight + WEEK,
            method=key_result.method,
            direction=key_result.direction,
            baseline=shape.baseline,
            target=shape.target,
            ladder=key_result.ladder,
            author=key_result.owner,
            posted_at=midnight + minutes,
            seconds_spent=20 + (place * 3 + index * 5) % 40,
            idempotency_key=uuid4(),
            **words,
        )

    def way(self, course: Course, index: int) -> Decimal:
        ahead = self.weeks - index  # 1 in the last week
        if ahead <= len(course.last):
            return Decimal(course.last[-ahead])
        start, end = Decimal(course.start), Decimal(course.end)
        sway = Decimal((self.number * 7 + index * 5) % 5 - 2) / 100
        return max(Decimal(0), start + (end - start) * (index + 1) / self.weeks + sway)

    def ask_for_help(self, key_results: Iterable[KeyResult]) -> None:
        for row in key_results:
            check_in = CheckIn.objects.filter(key_result=row).latest("period")
            asked = {"key_result": row, "check_in": check_in, "by": check_in.author}
            if row.red_since and row.position % 2 == 0:
                opened = {"opened_by": check_in.author, "opened_at": check_in.posted_at}
                self.create(Blocker, text="The supplier has not signed yet.", **asked, **opened)
            elif row.confidence == 2 and row.position % 2:
                opened = {"asked_by": check_in.author, "asked_at": check_in.posted_at}
                self.create(
                    HelpRequest, text="Who can get us into the legal queue?", **asked, **opened
                )

    def hold_review(self, objectives: Sequence[Objective], *, at: dt.datetime) -> None:
        """Hold a review that is closed and published, and plan the next one."""
        lead, champion = self.members["lead"], self.members["champion"]
        invited: dict[str, Any] = {
            "engagement": self.engagement,
            "kind": "monthly",
            "lead": lead,
            "by": lead,
        }
        invited["attendees"] = [champion, self.members["sponsor"]]
        review = plan_review(scheduled_at=at, now=at - dt.timedelta(days=2), **invited)
        start_review(review=review, by=lead, now=at)
        for (text, change), objective in zip(DECISIONS, objectives, strict=False):
            record_review_decision(
                review=review,
                text=text,
                owner=objective.owner,
                due_on=self.monday + WEEK,
                change=change,
                client_visible=objective.position < 3,
                objective=objective,
                by=lead,
                now=at + dt.timedelta(minutes=objective.position),
            )
        for objective, days in zip(objectives, (-3, 4), strict=False):
            add_review_action(
                review=review,
                objective=objective,
                what=f"Send the new terms to {objective.title}",
                owner=objective.owner,
                due_on=self.monday + dt.timedelta(days=days),
                by=lead,
                now=at + dt.timedelta(minutes=30),
            )
        answers: dict[str, Any] = {
            "on_outcomes": True,
            "evidence_weekly": True,
            "moved_resources": False,
        }
        review = close_review(review=review, by=lead, now=at + dt.timedelta(hours=1), **answers)
        published_at = at_hour(self.monday - dt.timedelta(days=3), hour=15)
        publish_report(
            engagement=self.engagement, words=REPORT, by=lead, review=review, now=published_at
        )
        ahead = at_hour(self.monday + dt.timedelta(days=17), hour=13)
        plan_review(scheduled_at=ahead, now=published_at, **invited)


def at_hour(day: dt.date, *, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)
