"""The events of a story: each function calls the command that the product runs for it."""

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

import okrs
from checkins.commands import answer_help_request, record_check_in
from checkins.commands import resolve_blocker as resolve
from checkins.models import Blocker, HelpRequest
from decisions.commands import actions
from decisions.models import ActionItem
from demo.story import DAY, PEOPLE, Span, Story, address
from engagements.commands import share_links
from engagements.models import Engagement, Membership
from escalations.commands import escalations
from escalations.models import Escalation
from metrics.commands import update_metric
from metrics.models import Metric
from okrs import commands as planning
from okrs.imports.command import import_okrs
from okrs.models import Cycle, CycleKind, KeyResult, Objective, Team
from reviews import commands as reviews
from reviews.models import Review
from status.commands import publish_report
from status.models import WORDS
from status.queries.reports import draft_of
from tenancy.scoping import identity, scope

SHEET = Path(okrs.__file__).parent / "data" / "okrs.csv"
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)

Event = Mapping[str, Any]


@dataclass(kw_only=True)
class Client:
    """A client while its story is replayed."""

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

    def on(self, at: dt.datetime, *, in_days: int) -> dt.date:
        return self.engagement.today(at) + in_days * DAY

    def key_result(self, metric: str) -> KeyResult:
        committed = KeyResult.objects.filter(engagement=self.engagement, committed_at__isnull=False)
        return committed.select_related("objective", "metric").get(metric__name=metric)

    def escalation(self, metric: str) -> dict[str, Any]:
        """Return the open escalation of a key result, and its version, for a command."""
        found = Escalation.objects.open().select_related("key_result")
        escalation = found.get(engagement=self.engagement, key_result__metric__name=metric)
        return {"escalation": escalation, "version": escalation.version}


def happen(client: Client, event: Event, *, at: dt.datetime) -> None:
    fields = {name: value for name, value in event.items() if name not in ("at", "event", "by")}
    # For owners who have not signed in yet the lead checks in.
    owner = client.story.key_results.get(event.get("metric", ""), {}).get("owner", "lead")
    person = event.get("by", owner if event["event"] == "check_in" else "lead")
    with client.acting(person) as by:
        EVENTS[event["event"]](client, by=by, at=at, **fields)


def import_sheet(client: Client, *, by: Membership, at: dt.datetime) -> None:
    """Open the cycle, import the client's lines, and answer the data questions of M4.3."""
    story = client.story
    open_cycle(client, client.cycle, by=by)
    import_okrs(content=sheet_of(story, cycle=client.cycle), by=by, is_trusted=True)
    for name, person in story.champions.items():
        team = Team.objects.get(engagement=client.engagement, name=name)
        planning.update_team(
            team=team, version=team.version, name=name, champion=client.members[person], by=by
        )
    for name, key_result in story.key_results.items():
        if fetched_by := key_result.get("fetched_by"):
            metric = Metric.objects.get(engagement=client.engagement, name=name)
            answers = {"access": story.access, "fetched_by": fetched_by}
            update_metric(metric=metric, version=metric.version, by=by, name=name, **answers)


def open_cycle(client: Client, span: Span, *, by: Membership) -> Cycle:
    return planning.create_cycle(
        engagement=client.engagement,
        name=span.name,
        kind=CycleKind.QUARTERLY,
        starts_on=span.starts_on,
        ends_on=span.ends_on,
        by=by,
    )


def sheet_of(story: Story, *, cycle: Span) -> bytes:
    """Return the client's lines of the shipped file, with the demo's cycle, dates and owners.

    The importer never shifts a date, so they are shifted here.
    """
    with SHEET.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        lines = [line for line in reader if line["engagement"] == story.client_name]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, reader.fieldnames or [])
    writer.writeheader()
    for line in lines:
        line |= {"cycle": cycle.name, "due_on": cycle.ends_on.isoformat()}
        if owner := story.key_results[line["metric"]].get("owner"):
            line |= {"owner": PEOPLE[owner], "owner_email": address(owner)}
        writer.writerow(line)
    return text.getvalue().encode()


def commit(client: Client, *, by: Membership, at: dt.datetime) -> None:
    objectives = Objective.objects.filter(
        engagement=client.engagement, cycle__name=client.cycle.name
    )
    for objective in objectives.prefetch_related("key_results"):
        for key_result in objective.key_results.all():
            pass_audit(key_result, by=by, now=at)
        planning.commit_objective(objective=objective, on=client.on(at, in_days=0), by=by, now=at)


def pass_audit(key_result: KeyResult, *, by: Membership, now: dt.datetime | None = None) -> None:
    planning.answer_audit(
        key_result=key_result, refresh_confirmed=True, ambitious=True, by=by, now=now
    )


def check_in(
    client: Client, *, by: Membership, at: dt.datetime, metric: str, value: Decimal, **fields: Any
) -> None:
    """Check in; a second check-in for the same week corrects the first."""
    recorded = record_check_in(
        key_result=client.key_result(metric),
        by=by,
        now=at,
        actual=Decimal(value),
        measured_on=client.on(at, in_days=0),
        evidence_url=client.story.key_results[metric].get("evidence_url", ""),
        seen=client.latest.get(metric, ""),
        idempotency_key=uuid4(),
        **fields,
    )
    client.latest[metric] = recorded.public_id
    client.check_ins += 1


def answer_help(
    client: Client, *, by: Membership, at: dt.datetime, metric: str, answer: str
) -> None:
    asked = HelpRequest.objects.get(
        engagement=client.engagement, key_result__metric__name=metric, answered_at=None
    )
    answer_help_request(help_request=asked, answer=answer, by=by, now=at)


def resolve_blocker(client: Client, *, by: Membership, at: dt.datetime, metric: str) -> None:
    blocker = Blocker.objects.get(
        engagement=client.engagement, key_result__metric__name=metric, resolved_at=None
    )
    resolve(blocker=blocker, by=by, now=at)


def set_huddle(
    client: Client, *, by: Membership, at: dt.datetime, metric: str, in_hours: int
) -> None:
    escalations.set_huddle(**client.escalation(metric), at=at + in_hours * HOUR, by=by, now=at)


def record_outcome(
    client: Client,
    *,
    by: Membership,
    at: dt.datetime,
    metric: str,
    owner: str,
    checkpoint_in_days: int,
    **fields: Any,
) -> None:
    checkpoint_on = client.on(at, in_days=checkpoint_in_days)
    escalations.record_outcome(
        **client.escalation(metric),
        plan_owner=client.members[owner],
        checkpoint_on=checkpoint_on,
        by=by,
        now=at,
        **fields,
    )
    client.checkpoints.add(checkpoint_on)


def decide_escalation(
    client: Client, *, by: Membership, at: dt.datetime, metric: str, **fields: Any
) -> None:
    """Record what the sponsor decided, with who reported it and where (M7.4, M9.5)."""
    escalations.decide_escalation(**client.escalation(metric), by=by, now=at, **fields)


def plan_review(
    client: Client, *, by: Membership, at: dt.datetime, kind: str, in_days: int, time: dt.time
) -> None:
    reviews.plan_review(
        engagement=client.engagement,
        kind=kind,
        scheduled_at=client.story.instant(client.on(at, in_days=in_days), time),
        lead=by,
        attendees=[member for person, member in client.members.items() if person != "client"],
        by=by,
        now=at,
    )


def hold_review(
    client: Client,
    *,
    by: Membership,
    at: dt.datetime,
    headline: str,
    decisions: Sequence[Event],
    actions: Sequence[Event],
    next_steps: str,
    closing_note: str = "",
) -> None:
    """Hold the planned review: decide, hand out actions, close it, and publish its report."""
    review = Review.objects.get(engagement=client.engagement, scheduled_at=at)
    reviews.start_review(review=review, by=by, now=at)
    for number, decision in enumerate(decisions, start=1):
        decided = record(client, decision, at=at)
        reviews.record_review_decision(
            review=review, by=by, now=at + 5 * number * MINUTE, **{"client_visible": True} | decided
        )
    for action in actions:
        added = record(client, action, at=at)
        reviews.add_review_action(review=review, by=by, now=at + 30 * MINUTE, **added)
    closed = reviews.close_review(
        review=review,
        by=by,
        now=at + 41 * MINUTE,
        closing_note=closing_note,
        on_outcomes=True,
        evidence_weekly=True,
        moved_resources=any(decision["change"] == "resources" for decision in decisions),
    )
    drafted = draft_of(closed, engagement=client.engagement, now=at + 41 * MINUTE)
    words: Any = {name: getattr(drafted, name) for name in WORDS}
    publish_report(
        engagement=client.engagement,
        words=words | {"headline": headline, "next_steps": next_steps},
        by=by,
        now=at + 61 * MINUTE,
        review=closed,
    )


def record(client: Client, item: Event, *, at: dt.datetime) -> dict[str, Any]:
    """Return the fields of a decision or action: its people, key result and dates."""
    fields = dict(item)
    return {
        "owner": client.members[fields.pop("owner")],
        "due_on": client.on(at, in_days=fields.pop("due_in_days")),
        "key_result": client.key_result(fields.pop("metric")),
        **fields,
    }


def complete_action(client: Client, *, by: Membership, at: dt.datetime, what: str) -> None:
    action = ActionItem.objects.get(engagement=client.engagement, what=what)
    actions.complete_action(action=action, by=by, now=at)


def create_share_link(client: Client, *, by: Membership, at: dt.datetime, label: str) -> None:
    share_links.create_share_link(engagement=client.engagement, label=label, by=by, now=at)


def draft_objective(
    client: Client,
    *,
    by: Membership,
    at: dt.datetime,
    title: str,
    why_now: str,
    key_results: Sequence[Event],
) -> None:
    """Draft an objective of the next cycle; `is_ready` marks a key result that passes the audit."""
    with client.acting() as lead:
        cycle = open_cycle(client, client.cycle.next(), by=lead)
    objective = planning.draft_objective(
        cycle=cycle, title=title, why_now=why_now, owner=client.lead, by=by
    )
    for item in key_results:
        fields = dict(item)
        is_ready = fields.pop("is_ready", False)
        if metric := fields.pop("metric", None):
            fields["metric"] = Metric.objects.get(engagement=client.engagement, name=metric)
        for name in fields.keys() & {"baseline", "target"}:
            fields[name] = Decimal(fields[name])
        key_result = planning.draft_key_result(objective=objective, by=by, owner=by, **fields)
        if is_ready:
            pass_audit(key_result, by=by)


EVENTS = {
    event.__name__: event
    for event in (
        import_sheet,
        commit,
        check_in,
        answer_help,
        resolve_blocker,
        set_huddle,
        record_outcome,
        decide_escalation,
        plan_review,
        hold_review,
        complete_action,
        create_share_link,
        draft_objective,
    )
}
