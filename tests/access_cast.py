"""Two clients with one of everything, and a person for each actor of the access table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import uuid4

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from checkins.models import PromptAnswer
from decisions.commands import record_release
from engagements.links import share_link_token
from engagements.models import Engagement, Invitation, Membership, Role
from escalations.models import Escalation, EscalationState
from notifications.models import Notice
from okrs.models import Collaborator, KeyResult
from reviews.models import AgendaItem, Attendance, Review
from status.models import Report, ReportDraft
from status.snapshots import build_snapshot, moment_of
from tenancy.scoping import scope
from tests import build
from tests.access_table import LINKS, ROLES
from tests.checkins.posting import post
from tests.escalations.escalating import put_in
from tests.reviews.meeting import act, decide


@dataclass(frozen=True)
class Cast:
    people: dict[str, User]
    slugs: tuple[str, str]
    objects: tuple[dict[str, str], dict[str, str]]
    tokens: tuple[dict[str, str], dict[str, str]]  # of share links, by who holds them

    def ours(self, names: tuple[str, ...]) -> dict[str, str]:
        return {name: self.objects[0][name] for name in names}

    def theirs(self, names: tuple[str, ...]) -> dict[str, str]:
        return {name: self.objects[1][name] for name in names}

    def links(self, actor: str) -> list[str]:
        """The addresses that this actor holds, of both clients; who holds none tries open ones."""
        held = actor if actor in LINKS else "open link"
        return [reverse("status:shared-status", args=[tokens[held]]) for tokens in self.tokens]


def make() -> Cast:
    ours = build.engagement("Northwind SaaS")
    theirs = build.engagement("Harbor Retail")
    members = {role: build.member(ours, role.title(), role) for role in ROLES}
    removed = build.member(ours, "Removed", Role.LEAD, removed_at=timezone.now())
    stranger = build.member(theirs, "Stranger", Role.LEAD)
    people = {role: member.user for role, member in members.items()}
    people |= {"removed": removed.user, "stranger": stranger.user}
    return Cast(
        people={actor: user for actor, user in people.items() if user},
        slugs=(ours.slug, theirs.slug),
        objects=(
            things(ours, members[Role.LEAD], members[Role.CONTRIBUTOR]),
            things(theirs, stranger, build.member(theirs, "Colleague", Role.CONTRIBUTOR)),
        ),
        tokens=(shared(members[Role.LEAD]), shared(stranger)),
    )


def shared(lead: Membership) -> dict[str, str]:
    """Tokens of links that this lead has given away."""
    links = (build.share(lead), build.share_expired(lead), build.share_revoked(lead))
    return dict(zip(LINKS, map(share_link_token, links), strict=True))


def things(engagement: Engagement, lead: Membership, other: Membership) -> dict[str, str]:
    """Public ids of one object of each kind, by the name that URLs give it."""
    today = timezone.localdate()
    starts_on, ends_on = today - dt.timedelta(days=21), today + dt.timedelta(days=70)
    cycle = build.cycle(engagement, starts_on=starts_on, ends_on=ends_on)
    metric = build.metric(engagement)
    objective = build.objective(lead, cycle, team=build.team(engagement, champion=lead))
    key_result = build.live_key_result(objective, metric)
    source = build.live_key_result(objective, metric)
    link = build.contribution(source, key_result)
    build.audited(key_result, by=lead)
    now = timezone.now()
    with scope(engagement.id):
        Collaborator.objects.create(engagement=engagement, key_result=key_result, member=other)
        Invitation.objects.create(
            engagement=engagement,
            membership=other,
            token_hash=uuid4().hex,
            sent_by=lead,
            sent_at=now,
            expires_at=now + dt.timedelta(days=14),
        )
        check_in = post(key_result, lead, now=now, help_needed="An analyst", blocker="No export")
        PromptAnswer.objects.create(
            engagement=engagement, key_result=key_result, check_in=check_in, band=check_in.rag,
            text="Paper forms.", answered_by=lead, answered_at=now,
        )  # fmt: skip
        escalation = escalated(key_result, lead, told=other)
        met = met_and_decided(key_result, lead, other)
        asked, blocked = check_in.help_requests.get(), check_in.blockers.get()
    return {
        **met,
        "slug": engagement.slug,
        "cycle": cycle.public_id,
        "team": objective.team.public_id if objective.team else "",
        "metric": metric.public_id,
        "objective": objective.public_id,
        "key_result": key_result.public_id,
        "contribution": link.public_id,
        "check_in": check_in.public_id,
        "help_request": asked.public_id,
        "blocker": blocked.public_id,
        "escalation": escalation.public_id,
        "member": other.public_id,
        "sheet": build.sheet(lead).public_id,
        "token": "not-a-token-that-was-ever-given-out",
        "uidb36": "1",
        "key": "no-such-key",
    }


def met_and_decided(key_result: KeyResult, lead: Membership, other: Membership) -> dict[str, str]:
    """A review that runs, with an item, a decision and an action; one that was published."""
    engagement, now = key_result.engagement, timezone.now()
    here, today = {"engagement": engagement}, engagement.today(now)
    planned = {**here, "kind": "monthly", "minutes": 45, "lead": lead, "started_at": now}
    closed = Review.objects.create(**planned, title="February", scheduled_at=now)
    review = Review.objects.create(**planned, title="March", scheduled_at=now)
    item = AgendaItem.objects.create(
        **here, review=review, section="red", position=1, title="It is red", key_result=key_result
    )
    Attendance.objects.create(**here, review=review, member=other)
    action = act(lead, review=review, agenda_item=item, due_on=today, now=now)
    decision = decide(review, lead, agenda_item=item, due_on=today, now=now)
    ReportDraft.objects.create(**here, review=closed, headline="Calm")
    build.change(closed, closed_at=now, closed_by=lead)
    release = record_release(report_hash="", by=lead, now=now)
    if engagement.slug != "northwind":
        release = record_release(report_hash="", by=lead, now=now)  # no number is good in both
    page = build_snapshot(engagement, moment_of(engagement, now=now))
    Report.objects.create(**here, release=release, review=closed, headline="Calm", page=page)
    return {
        "review": review.public_id,
        "closed_review": closed.public_id,
        "item": item.public_id,
        "action": action.public_id,
        "decision": decision.public_id,
        "number": str(release.number),
        "share_link": build.share(lead).public_id,
    }


def escalated(key_result: KeyResult, lead: Membership, *, told: Membership) -> Escalation:
    """Active, with a huddle to convene, and somebody who was told."""
    now = timezone.now()
    monday = now.date() - dt.timedelta(days=now.weekday() + 14)
    row = put_in(key_result, lead, state=EscalationState.ACTIVE, now=now, streak=monday)
    here = {"engagement": row.engagement, "subject": row.pk, "period": monday}
    Notice.objects.create(rule="escalation_active", person=told, created_at=now, due_at=now, **here)
    return row
