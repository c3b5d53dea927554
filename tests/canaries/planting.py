"""Plants two clients: one of everything in each, every text with its mark."""

from __future__ import annotations

from dataclasses import dataclass, replace

import time_machine
from django.urls import reverse

from accounts.models import User
from checkins.models import Blocker, CheckIn, HelpRequest
from decisions.models import ActionItem, Decision
from engagements.commands.engagements import update_engagement
from engagements.commands.invitations import invite_member, send_invitation
from engagements.links import invitation_token, share_link_token
from engagements.models import Engagement, Membership, Role, ShareLink, StatusPage
from escalations.models import Escalation
from reviews.models import AgendaItem, Review
from tenancy.scoping import identity, scope, unscoped
from tests import access_cast, build
from tests.access_table import LINKS
from tests.canaries.marks import OURS, THEIRS, Marks
from tests.canaries.meetings import RELEASED, Meetings
from tests.canaries.sets import Planned, plan_the_set, rename_the_set
from tests.canaries.weeks import (
    check_in_later,
    check_in_weekly,
    decide_an_earlier_one,
    leave_work_of,
    tell,
)
from tests.checkins.posting import TUESDAY, at
from tests.status.quarter import end_day

NOW = TUESDAY  # Tuesday 10 March 2026, 09:40 in Berlin
GROUND = at("2026-01-05T10:00")


@dataclass(frozen=True)
class Planting:
    """The cast on marked ground, and per client the address of an invitation that still holds."""

    cast: access_cast.Cast
    engagements: tuple[Engagement, Engagement]
    invitations: tuple[str, str]


def plant() -> Planting:
    """The story of both clients from January 2026 until NOW, told at its own times."""
    with time_machine.travel(GROUND, tick=False):
        cast = access_cast.make()
        leaders = (cast.people["lead"], cast.people["stranger"])
        grounds = [
            _ground(Marks(name), *_team(leader, slug))
            for name, leader, slug in zip((OURS, THEIRS), leaders, cast.slugs, strict=True)
        ]
    with time_machine.travel(NOW, tick=False):
        told = [ground.tell() for ground in grounds]
        links = [_links(ground) for ground in grounds]
        invitations = [_invite(ground) for ground in grounds]
    ours, theirs = ({**base, **own} for base, own in zip(cast.objects, told, strict=True))
    return Planting(
        cast=replace(cast, objects=(ours, theirs), tokens=(links[0], links[1])),
        engagements=(grounds[0].lead.engagement, grounds[1].lead.engagement),
        invitations=(invitations[0], invitations[1]),
    )


@dataclass(frozen=True)
class Ground:
    """One client with its set planned."""

    marks: Marks
    lead: Membership
    other: Membership
    planned: Planned

    def tell(self) -> dict[str, str]:
        """What happens until NOW; the public ids of one marked thing of each kind."""
        with scope(self.lead.engagement_id):
            meetings = Meetings(self.marks, self.lead, self.other, about=self.planned.line)
            check_in_weekly(self.marks, self.planned, lead=self.lead)
            decide_an_earlier_one(self.marks, self.planned.line, lead=self.lead)
            meetings.hold_february()
            end_day(self.lead.engagement, "2026-02-10")
            weekly = meetings.hold_weekly()
            end_day(self.lead.engagement, "2026-02-18")
            report = meetings.release_without_review()
            end_day(self.lead.engagement, "2026-03-03")
            check_in_later(self.marks, self.planned, lead=self.lead)
            rename_the_set(self.marks, self.planned, lead=self.lead)
            end_day(self.lead.engagement, "2026-03-09")
            running = meetings.run_march()
            meetings.decide_again_later()
            viewers = Membership.objects.filter(role=Role.VIEWER, user__isnull=False)
            for viewer in viewers.filter(engagement=self.lead.engagement):
                leave_work_of(viewer, marks=self.marks, on=self.planned.line, now=RELEASED)
            tell(self.marks, self.planned.line, lead=self.lead, now=NOW)
            heading, cell = (self.marks.inside(f"sheet.{name}") for name in ("headings", "grid"))
            sheet = build.sheet(
                self.lead,
                f"Objective,KR,{heading}\n{cell},{cell},{cell}\n".encode(),
                name=self.marks.inside("sheet.name"),
                answers={"cells": {"2:objective": self.marks.inside("sheet.answers")}},
            )
            return {
                "sheet": sheet.public_id,
                **self._ids(running),
                "closed_review": weekly.public_id,
                "number": str(report.release.number),
            }

    def _ids(self, running: Review) -> dict[str, str]:
        here, planned = {"engagement": self.lead.engagement}, self.planned
        rows = {
            "cycle": planned.cycle,
            "team": planned.team,
            "metric": planned.metric,
            "objective": planned.company,
            "key_result": planned.line,
            "contribution": planned.contribution,
            "check_in": CheckIn.objects.filter(**here, key_result=planned.line).first(),
            "help_request": HelpRequest.objects.filter(**here, answered_at=None).first(),
            "escalation": Escalation.objects.filter(**here, decided_at=None).first(),
            "blocker": Blocker.objects.filter(**here, resolved_at=None).first(),
            "review": running,
            "item": AgendaItem.objects.filter(**here, review=running, section="added").first(),
            "action": ActionItem.objects.filter(**here, **running.occasion.columns).first(),
            "decision": Decision.objects.filter(**here, **running.occasion.columns).first(),
            "share_link": ShareLink.objects.filter(**here).first(),
        }
        return {name: row.public_id for name, row in rows.items() if row is not None}


def _team(leader: User, slug: str) -> tuple[Membership, Membership]:
    """Lead and contributor, who answer for things: clients know their names."""
    with identity(user_id=leader.pk), unscoped():
        lead = Membership.objects.get(user=leader, engagement__slug=slug)
    with scope(lead.engagement_id):
        here = Membership.objects.filter(engagement_id=lead.engagement_id)
        return lead, here.get(role=Role.CONTRIBUTOR)


def _ground(marks: Marks, lead: Membership, other: Membership) -> Ground:
    with scope(lead.engagement_id):
        engagement = Engagement.objects.get(pk=lead.engagement_id)
        update_engagement(
            engagement=engagement,
            version=engagement.version,
            by=lead,
            client_name=marks.client_reads("engagement.client_name"),
            vision=marks.inside("engagement.vision"),
            strategy_themes=[marks.inside("engagement.strategy_themes")],
            status_page=StatusPage.LIVE,
            now=NOW,
        )
        for member in Membership.objects.active().filter(engagement=engagement):
            mark = marks.client_reads if member in (lead, other) else marks.inside
            member.name = mark(f"membership.name.{member.role}")
            member.save(update_fields=["name"])
        people = Membership.objects.select_related("engagement")
        lead, other = (people.get(pk=one.pk) for one in (lead, other))
        return Ground(marks, lead, other, plan_the_set(marks, lead=lead, other=other))


def _links(ground: Ground) -> dict[str, str]:
    """Tokens by who holds the link."""
    label = ground.marks.inside("sharelink.label")
    kinds = (build.share, build.share_expired, build.share_revoked)
    tokens = [share_link_token(share(ground.lead, label=label)) for share in kinds]
    return dict(zip(LINKS, tokens, strict=True))


def _invite(ground: Ground) -> str:
    """Somebody who has not joined: by a link that was replaced, and by one that holds."""
    marks, lead = ground.marks, ground.lead
    with scope(lead.engagement_id):
        email = marks.inside_email("membership.email")
        person = {"email": email, "name": marks.inside("membership.name.invited")}
        invited = invite_member(
            engagement=lead.engagement, role=Role.VIEWER, by=lead, now=NOW, **person
        )
        invitation = send_invitation(membership=invited, by=lead, now=NOW)
        return reverse("engagements:invitation-accept", args=[invitation_token(invitation)])
