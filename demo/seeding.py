"""Many clients in mid-cycle, for load tests. None of their people has a password.

A few clients are built row by row, scored by the functions that a post uses. The others are copies
of them: 5,000 clients are 80,000 key results with a million check-ins.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connections, transaction

from accounts.models import User
from checkins.models import Blocker, CheckIn, HelpRequest, PromptAnswer
from checkins.rules import is_thin, recompute_state
from demo.copies import copy, copy_counts, tenant_models
from demo.story import DAY, WEEK
from engagements.models import Engagement, Membership, Role
from metrics.models import Metric
from okrs.models import ContributionLink, Cycle, KeyResult, Objective, Stage, Team
from okrs.states import early_until, terms_of, update_state
from reviews.commands import recording, reviews
from scoring import Method, rag, score
from status.commands import publish_report, store_snapshot
from tenancy.locks import lock
from tenancy.scoping import identity, scope, unscoped

DOMAIN = "seed.test"
# By kind of person: the role, and how many clients each of them serves.
PEOPLE = {
    "lead": (Role.LEAD, 20),
    "consultant": (Role.CONTRIBUTOR, 10),
    "champion": (Role.CHAMPION, 1),
    "sponsor": (Role.SPONSOR, 1),
    "contributor": (Role.CONTRIBUTOR, 1),
    "viewer": (Role.VIEWER, 1),
}
NAMES = ("Aster", "Birch", "Cobalt", "Dune", "Ember", "Fjord", "Garnet", "Heron", "Indigo")
ZONES = ("Europe/Berlin", "Europe/London", "Europe/Athens", "Asia/Dubai", "Asia/Kolkata")
BUILT = len(ZONES)  # clients that are built; all others are copies
RUNG_SCORES = ("1.00", "0.70", "0.40")
DATA = tomllib.loads(
    (Path(__file__).parent / "seed.toml").read_text(encoding="utf-8"), parse_float=Decimal
)
MINUTE = dt.timedelta(minutes=1)
CYCLE_ENDS_AFTER = 27 * DAY  # counted from the Monday of the running week


def address(kind: str, number: int = 1) -> str:
    """ "consultant@seed.test", the second one "consultant-2@seed.test"."""
    return f"{kind}@{DOMAIN}" if number == 1 else f"{kind}-{number}@{DOMAIN}"


def seed(*, clients: int, weeks: int = 13, monday: dt.date) -> dict[str, int]:
    """Write that many clients into a database without any; return rows by table.

    They have checked in for so many weeks before `monday`, a Monday, and not yet for its own.
    Client `n` has the slug `seed-<n>`. Public ids are the same in each client.
    """
    engagements, memberships = write_people(clients, starts_on=monday - weeks * WEEK)
    for number, engagement in enumerate(engagements[:BUILT]):
        members = dict(zip(PEOPLE, memberships[number * len(PEOPLE) :], strict=False))
        with scope(engagement.pk), identity(user_id=members["lead"].user_id):
            SeededClient(engagement, members, number=number, weeks=weeks, monday=monday).build()
    with transaction.atomic(using="owner"):
        began = at_hour(monday - weeks * WEEK, hour=5)
        copy(engagements, built=BUILT, members=len(PEOPLE), began=began)
    written = [model._meta.db_table for model in (Engagement, User, *tenant_models())]
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        counts = " UNION ALL ".join(f"SELECT '{one}', count(*) FROM {one}" for one in written)  # noqa: S608
        cursor.execute(counts)
        return dict(cursor.fetchall())


def write_people(clients: int, *, starts_on: dt.date) -> tuple[list[Engagement], list[Membership]]:
    """Write all clients and their members, whose ids follow each other without a gap."""
    users = {
        (kind, number): User(
            password="!",  # noqa: S106 - opens nothing
            email=address(kind, number + 1),
            name=f"{kind.capitalize()} {number + 1}",
        )
        for kind, (_, serves) in PEOPLE.items()
        for number in range(-(-clients // serves))
    }
    engagements = [
        Engagement(
            slug=f"seed-{number + 1}",
            client_name=f"{NAMES[(number + 1) % len(NAMES)]} {number + 1}",
            time_zone=ZONES[number % BUILT],
            bands_frozen_on=starts_on,
            vision="All customers find what fits, and come back.",
            strategy_themes=["Loyalty", "Reach", "Trust"],
        )
        for number in range(clients)
    ]
    with unscoped(), transaction.atomic(using="owner"):
        User.objects.using("owner").bulk_create(users.values(), batch_size=2_000)
        Engagement.objects.using("owner").bulk_create(engagements, batch_size=2_000)
        memberships = [
            Membership(
                engagement=engagement, user=user, email=user.email, name=user.name, role=role
            )
            for number, engagement in enumerate(engagements)
            for kind, (role, serves) in PEOPLE.items()
            for user in [users[kind, number // serves]]
        ]
        Membership.objects.using("owner").bulk_create(memberships, batch_size=2_000)
    for row in (*users.values(), *engagements, *memberships):
        row._state.db = "default"
    return engagements, memberships


class SeededClient:
    """One client that is built row by row, inside its scope, by its lead."""

    def __init__(
        self,
        engagement: Engagement,
        members: dict[str, Membership],
        *,
        number: int,
        weeks: int,
        monday: dt.date,
    ) -> None:
        self.engagement, self.members, self.lead = engagement, members, members["lead"]
        self.number, self.weeks, self.monday = number, weeks, monday
        self.mondays = [monday - WEEK * ahead for ahead in range(weeks, 0, -1)]
        began = at_hour(self.mondays[0], hour=5)
        self.committed = {"created_by": self.lead, "committed_by": self.lead, "committed_at": began}

    def build(self) -> None:
        objectives = list(self.objectives())
        places = range(len(DATA["key_results"]))
        key_results = [self.key_result(place, objectives[place // 4]) for place in places]
        for place in (4, 8, 12):
            ends = {"source_id": key_results[place].pk, "target": key_results[0]}
            self.create(ContributionLink, how="By reach.", **ends)
        reviewed_on = self.monday - min(self.weeks, 2) * WEEK + 3 * DAY
        early = [monday for monday in self.mondays if monday < reviewed_on]
        self.check_in(key_results, mondays=early)
        self.hold_review(objectives, at=at_hour(reviewed_on, hour=13))
        self.check_in(key_results, mondays=self.mondays[len(early) :])
        self.ask_for_help(key_results)
        store_snapshot(engagement_id=self.engagement.pk, now=at_hour(self.monday, hour=5))
        copy_counts(self.engagement, days=self.mondays[-12:])

    def create(self, model: Any, **fields: Any) -> Any:
        return model.objects.create(engagement=self.engagement, **fields)

    def objectives(self) -> Iterator[Objective]:
        dates = {"starts_on": self.mondays[0], "ends_on": self.monday + CYCLE_ENDS_AFTER}
        cycle, parent = self.create(Cycle, name="Running cycle", **dates), None
        for position, item in enumerate(DATA["objectives"], start=1):
            owner = self.members["champion" if item["team"] else "lead"]
            team = item["team"] and self.create(Team, name=item["team"], champion=owner)
            objective = self.create(
                Objective,
                public_id=f"seedobject{position:02}",
                cycle=cycle,
                team=team or None,
                parent=parent,
                title=item["title"],
                owner=owner,
                position=position,
                **self.committed,
            )
            parent = parent or objective
            yield objective

    def key_result(self, place: int, objective: Objective) -> KeyResult:
        item = DATA["key_results"][place]
        owner, rungs = self.members[item["owner"]], item.get("rungs", [])
        metric = self.create(
            Metric,
            name=item["title"],
            unit=item["unit"],
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
            title=item["title"],
            owner=owner,
            method=(Method.LADDER if rungs else Method.LINEAR).value,
            direction="higher" if item["target"] > item["baseline"] else "lower",
            baseline=item["baseline"],
            target=item["target"],
            ladder=[[str(rung), share] for rung, share in zip(rungs, RUNG_SCORES, strict=False)],
            starts_on=self.mondays[0],
            due_on=self.monday + CYCLE_ENDS_AFTER,
            indicator="lagging" if place % 2 else "leading",
            commitment="aspirational" if place % 4 == 3 else "committed",
            position=1 + place % 4,
            stage=Stage.COMMITTED,
            **self.committed,
        )
        key_result.early_until = early_until(key_result)
        key_result.save(force_insert=True)
        return key_result

    def check_in(self, key_results: Sequence[KeyResult], *, mondays: Sequence[dt.date]) -> None:
        """Check in for these weeks, and bring each key result's state up to date."""
        for place, key_result in enumerate(key_results):
            left_out = (place * 3 + self.number * 5) % (2 * self.weeks)  # every other misses a week
            own = [
                self.check_in_of(key_result, place, index=index, monday=monday)
                for index, monday in enumerate(self.mondays)
                if monday in mondays and (index != left_out or index >= self.weeks - 4)
            ]
            if own:
                with identity(user_id=own[-1].author.user_id):
                    lock(key_result)
                    CheckIn.objects.bulk_create(own)
                    state, last = recompute_state(key_result), own[-1]
                    update_state(
                        key_result=key_result, state=state, by=last.author, now=last.posted_at
                    )

    def check_in_of(
        self, key_result: KeyResult, place: int, *, index: int, monday: dt.date
    ) -> CheckIn:
        """Build the check-in of a week, posted on the morning it is due on the client's clock."""
        order = DATA["order"]
        turn = self.number * len(DATA["key_results"]) + place
        course = DATA["courses"][order[turn % len(order)]]
        texts = {"insight": course["insight"], "next_action": course["next_action"]}
        item = DATA["key_results"][place]
        baseline, target = Decimal(item["baseline"]), Decimal(item["target"])
        way = (target - baseline) * self.share(course, index)
        actual = (baseline + way).quantize(Decimal("0.1"))
        result = score(**terms_of(key_result, actual=actual)) or Decimal(0)
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
            confidence=course["confidence"] - (index + place) % 4 // 3,
            next_action_due=monday + WEEK,
            is_thin=is_thin(**texts),
            evidence_url="https://example.com/figures" if place % 2 else "",
            due_at=midnight + dt.timedelta(hours=10),
            closes_at=midnight + WEEK,
            method=key_result.method,
            direction=key_result.direction,
            baseline=baseline,
            target=target,
            ladder=key_result.ladder,
            author=key_result.owner,
            posted_at=midnight + minutes,
            seconds_spent=20 + (place * 3 + index * 5) % 40,
            idempotency_key=uuid4(),
            **texts,
        )

    def share(self, course: dict[str, Any], index: int) -> Decimal:
        """Return how much of the way to its target a key result has come by that week."""
        ahead = self.weeks - index  # 1 in the last week
        if ahead <= len(course["last"]):
            return Decimal(course["last"][-ahead])
        start, end = Decimal(course["start"]), Decimal(course["end"])
        sway = Decimal((self.number * 7 + index * 5) % 5 - 2) / 100
        return max(Decimal(0), start + (end - start) * (index + 1) / self.weeks + sway)

    def ask_for_help(self, key_results: Sequence[KeyResult]) -> None:
        for key_result in key_results:
            last = CheckIn.objects.filter(key_result=key_result).latest("period")
            own = {"key_result": key_result, "check_in": last}
            with identity(user_id=last.author.user_id):
                if key_result.red_since and key_result.position % 2 == 0:
                    opened = {"opened_by": last.author, "opened_at": last.posted_at}
                    self.create(Blocker, text="The supplier has not signed yet.", **own, **opened)
                    words = {"text": "The supplier is late.", "bet": "Ask a second supplier."}
                    said = {"answered_by": last.author, "answered_at": last.posted_at}
                    self.create(PromptAnswer, band=last.rag, **words, **own, **said)
                elif key_result.confidence == 2 and key_result.position % 2:
                    asked = {"asked_by": last.author, "asked_at": last.posted_at}
                    text = "Who can get us into the legal queue?"
                    self.create(HelpRequest, text=text, **own, **asked)

    def hold_review(self, objectives: Sequence[Objective], *, at: dt.datetime) -> None:
        """Hold a review that is closed and published, and plan the next one."""
        lead = self.lead
        invited: dict[str, Any] = {"kind": "monthly", "lead": lead, "by": lead}
        invited["attendees"] = [self.members["champion"], self.members["sponsor"]]
        invited["engagement"] = self.engagement
        review = reviews.plan_review(scheduled_at=at, now=at - 2 * DAY, **invited)
        reviews.start_review(review=review, by=lead, now=at)
        for objective, decision in zip(objectives, DATA["decisions"], strict=False):
            recording.record_review_decision(
                review=review,
                owner=objective.owner,
                due_on=self.monday + WEEK,
                client_visible=objective.position < 3,
                objective=objective,
                by=lead,
                now=at + objective.position * MINUTE,
                **decision,
            )
        for objective, days in zip(objectives, (-3, 4), strict=False):
            recording.add_review_action(
                review=review,
                objective=objective,
                what=f"Send the new terms to {objective.title}",
                owner=objective.owner,
                due_on=self.monday + days * DAY,
                by=lead,
                now=at + 30 * MINUTE,
            )
        answers: dict[str, Any] = {"on_outcomes": True, "evidence_weekly": True}
        review = reviews.close_review(
            review=review, by=lead, now=at + 60 * MINUTE, moved_resources=False, **answers
        )
        published_at = at_hour(self.monday - 3 * DAY, hour=15)
        publish_report(
            engagement=self.engagement,
            words=DATA["report"],
            by=lead,
            review=review,
            now=published_at,
        )
        ahead = at_hour(self.monday + 17 * DAY, hour=13)
        reviews.plan_review(scheduled_at=ahead, now=published_at, **invited)


def at_hour(day: dt.date, *, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)
