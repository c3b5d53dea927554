"""The events of a story: each calls the command that the product runs for it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import imports
from checkins import commands as checkins
from checkins.models import Blocker, HelpRequest
from decisions.commands import complete_action
from decisions.models import ActionItem
from demo.story import DAY, PEOPLE, Span, Story, address
from engagements.commands import share_links
from engagements.models import Engagement, Membership
from escalations import commands as escalations
from escalations.models import Escalation
from imports.commands import import_okrs
from metrics.commands import update_metric
from metrics.models import Metric
from okrs.commands.cycles import create_cycle, update_team
from okrs.commands.key_results import answer_audit, draft_key_result
from okrs.commands.objectives import commit_objective, draft_objective
from okrs.models import Cycle, CycleKind, KeyResult, Objective, Team
from reviews.commands import recording, reviews
from reviews.models import Review
from status.commands import publish_report
from status.models import WORDS
from status.queries import draft_of
from tenancy.scoping import identity, scope

SHEET = Path(imports.__file__).parent / "data" / "okrs.csv"
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)

Event = Mapping[str, Any]


@dataclass(kw_only=True)
class Client:
    """A client while its story is replayed; a method for each event that a story has."""

    story: Story
    cycle: Span
    members: dict[str, Membership]
    check_ins: int = 0
    latest: dict[str, str] = field(default_factory=dict)  # check-ins by metric
    checkpoints: set[dt.date] = field(default_factory=set)  # of recovery plans

    @property
    def lead(self) -> Membership:
        return self.members["lead"]

    @property
    def engagement(self) -> Engagement:
        return self.lead.engagement

    @contextmanager
    def acting(self, person: str = "lead") -> Iterator[Membership]:
        """Let this person act inside the client, as their request would."""
        member = self.members[person]
        with identity(user_id=member.user_id), scope(self.engagement.pk):
            yield member

    def happen(self, event: Event, *, at: dt.datetime) -> None:
        fields = {name: value for name, value in event.items() if name not in ("at", "event", "by")}
        # For owners who have not signed in yet the lead checks in.
        owner = self.story.key_results.get(event.get("metric", ""), {}).get("owner", "lead")
        person = event.get("by", owner if event["event"] == "check_in" else "lead")
        with self.acting(person) as by:
            getattr(self, event["event"])(by, at, **fields)

    def import_sheet(self, by: Membership, at: dt.datetime) -> None:
        """Open the cycle, import the client's lines, and answer the data questions of M4.3."""
        self.open_cycle(self.cycle, by=by, at=at)
        content = sheet_of(self.story, cycle=self.cycle)
        import_okrs(content=content, by=by, now=at, is_trusted=True)
        for name, person in self.story.champions.items():
            team = Team.objects.get(engagement=self.engagement, name=name)
            champion = self.members[person]
            update_team(team=team, version=team.version, name=name, champion=champion, by=by)
        for name, key_result in self.story.key_results.items():
            if fetched_by := key_result.get("fetched_by"):
                metric = self.metric(name)
                answers = {"access": self.story.access, "fetched_by": fetched_by}
                update_metric(metric=metric, version=metric.version, by=by, name=name, **answers)

    def commit(self, by: Membership, at: dt.datetime) -> None:
        for objective in Objective.objects.filter(engagement=self.engagement):
            for key_result in objective.key_results.all():
                pass_audit(key_result, by=by, now=at)
            commit_objective(objective=objective, by=by, now=at)

    def check_in(
        self, by: Membership, at: dt.datetime, metric: str, value: Decimal, **fields: Any
    ) -> None:
        """Check in; a second check-in for the same week corrects the first."""
        check_in = checkins.record_check_in(
            key_result=self.key_result(metric),
            by=by,
            now=at,
            actual=Decimal(value),
            measured_on=self.engagement.today(at),
            evidence_url=self.story.key_results[metric].get("evidence_url", ""),
            seen=self.latest.get(metric, ""),
            idempotency_key=uuid4(),
            **fields,
        )
        self.latest[metric] = check_in.public_id
        self.check_ins += 1

    def answer_help(self, by: Membership, at: dt.datetime, metric: str, answer: str) -> None:
        of_key_result = {"engagement": self.engagement, "key_result": self.key_result(metric)}
        request = HelpRequest.objects.get(**of_key_result, answered_at=None)
        checkins.answer_help_request(help_request=request, answer=answer, by=by, now=at)

    def resolve_blocker(self, by: Membership, at: dt.datetime, metric: str) -> None:
        of_key_result = {"engagement": self.engagement, "key_result": self.key_result(metric)}
        blocker = Blocker.objects.get(**of_key_result, resolved_at=None)
        checkins.resolve_blocker(blocker=blocker, by=by, now=at)

    def answer_prompt(
        self,
        by: Membership,
        at: dt.datetime,
        metric: str,
        checkpoint_in_days: int = 0,
        **fields: Any,
    ) -> None:
        if checkpoint_in_days:
            fields["checkpoint_on"] = self.engagement.today(at) + checkpoint_in_days * DAY
        checkins.answer_prompt(key_result=self.key_result(metric), by=by, now=at, **fields)

    def set_huddle(self, by: Membership, at: dt.datetime, metric: str, in_hours: int) -> None:
        huddle_at = at + in_hours * HOUR
        escalations.set_huddle(**self.escalation(metric), at=huddle_at, by=by, now=at)

    def record_outcome(
        self,
        by: Membership,
        at: dt.datetime,
        metric: str,
        owner: str,
        checkpoint_in_days: int,
        **fields: Any,
    ) -> None:
        checkpoint_on = self.engagement.today(at) + checkpoint_in_days * DAY
        fields |= {"plan_owner": self.members[owner], "checkpoint_on": checkpoint_on}
        escalations.record_outcome(**self.escalation(metric), **fields, by=by, now=at)
        self.checkpoints.add(checkpoint_on)

    def decide_escalation(
        self, by: Membership, at: dt.datetime, metric: str, **fields: Any
    ) -> None:
        """Record what the sponsor decided, with who reported it and where (M7.4, M9.5)."""
        escalations.decide_escalation(**self.escalation(metric), **fields, by=by, now=at)

    def plan_review(
        self, by: Membership, at: dt.datetime, kind: str, in_days: int, time: dt.time
    ) -> None:
        day = self.engagement.today(at) + in_days * DAY
        reviews.plan_review(
            engagement=self.engagement,
            kind=kind,
            scheduled_at=self.story.instant(day, time),
            lead=by,
            attendees=self.attendees,
            by=by,
            now=at,
        )

    def hold_review(
        self,
        by: Membership,
        at: dt.datetime,
        headline: str,
        next_steps: str,
        decisions: Sequence[Event],
        actions: Sequence[Event],
        closing_note: str = "",
    ) -> None:
        """Hold the planned review: decide, hand out actions, close it, and publish its report."""
        review = Review.objects.get(engagement=self.engagement, scheduled_at=at)
        reviews.start_review(review=review, by=by, now=at)
        for member in self.attendees:
            reviews.mark_here(review=review, member=member, is_here=True, by=by, now=at)
        for number, decision in enumerate(decisions, start=1):
            fields = {"client_visible": True} | self.recorded(decision, at=at)
            then = at + 5 * number * MINUTE
            recording.record_review_decision(review=review, by=by, now=then, **fields)
        for action in actions:
            fields = self.recorded(action, at=at)
            recording.add_review_action(review=review, by=by, now=at + 30 * MINUTE, **fields)
        closed_at = at + 41 * MINUTE
        closed = reviews.close_review(
            review=review,
            by=by,
            now=closed_at,
            closing_note=closing_note,
            on_outcomes=True,
            evidence_weekly=True,
            moved_resources=any(decision["change"] == "resources" for decision in decisions),
        )
        drafted = draft_of(closed, engagement=self.engagement, now=closed_at)
        words: Any = {name: getattr(drafted, name) for name in WORDS}
        words |= {"headline": headline, "next_steps": next_steps}
        published_at = closed_at + 20 * MINUTE
        publish_report(
            engagement=self.engagement, words=words, by=by, now=published_at, review=closed
        )

    @property
    def attendees(self) -> list[Membership]:
        return [member for person, member in self.members.items() if person != "client"]

    def recorded(self, item: Event, *, at: dt.datetime) -> dict[str, Any]:
        """Return a decision or an action with its owner, key result and date."""
        fields = dict(item)
        return {
            "owner": self.members[fields.pop("owner")],
            "due_on": self.engagement.today(at) + fields.pop("due_in_days") * DAY,
            "key_result": self.key_result(fields.pop("metric")),
            **fields,
        }

    def complete_action(self, by: Membership, at: dt.datetime, what: str) -> None:
        action = ActionItem.objects.get(engagement=self.engagement, what=what)
        complete_action(action=action, by=by, now=at)

    def create_share_link(self, by: Membership, at: dt.datetime, label: str) -> None:
        share_links.create_share_link(engagement=self.engagement, label=label, by=by, now=at)

    def draft_objective(
        self, by: Membership, at: dt.datetime, key_results: Sequence[Event], **fields: Any
    ) -> None:
        """Draft an objective of the next cycle; a key result that `is_ready` passes its audit."""
        with self.acting() as lead:
            cycle = self.open_cycle(self.cycle.next(), by=lead, at=at)
        objective = draft_objective(cycle=cycle, owner=self.lead, by=by, **fields)
        for item in key_results:
            row = dict(item)
            is_ready = row.pop("is_ready", False)
            if is_ready:
                row["metric"] = self.metric(row["metric"])
                row |= {name: Decimal(row[name]) for name in ("baseline", "target")}
            key_result = draft_key_result(objective=objective, by=by, owner=by, **row)
            if is_ready:
                pass_audit(key_result, by=by, now=at)

    def open_cycle(self, span: Span, *, by: Membership, at: dt.datetime) -> Cycle:
        return create_cycle(
            engagement=self.engagement,
            name=span.name,
            kind=CycleKind.QUARTERLY,
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            by=by,
            now=at,
        )

    def metric(self, name: str) -> Metric:
        metric: Metric = Metric.objects.get(engagement=self.engagement, name=name)
        return metric

    def key_result(self, metric: str) -> KeyResult:
        committed = KeyResult.objects.filter(engagement=self.engagement, committed_at__isnull=False)
        return committed.select_related("objective", "metric").get(metric__name=metric)

    def escalation(self, metric: str) -> dict[str, Any]:
        """Return the open escalation of a key result, and its version, for a command."""
        found = Escalation.objects.open().select_related("key_result")
        escalation = found.get(engagement=self.engagement, key_result__metric__name=metric)
        return {"escalation": escalation, "version": escalation.version}


def pass_audit(key_result: KeyResult, *, by: Membership, now: dt.datetime) -> None:
    answer_audit(key_result=key_result, ambitious=True, by=by, now=now)


def sheet_of(story: Story, *, cycle: Span) -> bytes:
    """Return the client's lines of the shipped file, with the demo's cycle, dates and owners.

    The importer never shifts a date, so they are shifted here.
    """
    with SHEET.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        lines = [line for line in reader if line["engagement"] == story.client_name]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [*(reader.fieldnames or []), "starts_on"])
    writer.writeheader()
    for line in lines:
        line |= {"cycle": cycle.name, "due_on": cycle.ends_on.isoformat()}
        line["starts_on"] = cycle.starts_on.isoformat()  # baselines are of that day
        if owner := story.key_results[line["metric"]].get("owner"):
            line |= {"owner": PEOPLE[owner], "owner_email": address(owner)}
        writer.writerow(line)
    return text.getvalue().encode()
