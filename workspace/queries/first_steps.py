"""What a new client still needs, from the cycle to the first check-in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q

from engagements.models import Invitation, Membership
from okrs.models import Cycle, KeyResult, Objective, Stage


@dataclass(frozen=True, kw_only=True)
class FirstSteps:
    """Five steps, each done or with what remains of it."""

    cycle: Cycle | None  # in which to draft: the one that runs, else the one that comes, or was
    objectives: int
    key_results: int
    committed: int  # objectives
    to_draft: Objective | None  # the first one without a key result
    to_commit: Objective | None  # the first one that has drafts
    people: int
    to_invite: int  # named, and no invitation waits for them
    to_join: int  # invited, and not here yet
    to_check_in: KeyResult | None  # one's own before others'

    @property
    def has_set(self) -> bool:
        return self.objectives > 0 and self.to_draft is None

    @property
    def has_people(self) -> bool:
        return self.people > 1 and not self.to_invite

    @property
    def now(self) -> str:
        """Return the step that is next."""
        if self.cycle is None:
            return "cycle"
        if not self.has_set:
            return "set"
        return "check_in" if self.to_check_in else "commit"


def first_steps(
    *, membership: Membership, cycle: Cycle | None, now: dt.datetime
) -> FirstSteps | None:
    """Return what is left to do until the first check-in, then None. At most six queries."""
    engagement = membership.engagement
    key_results = KeyResult.objects.filter(engagement=engagement)
    if key_results.filter(checked_in_at__isnull=False).exists():
        return None
    held = Count("key_results", filter=~Q(key_results__stage=Stage.WITHDRAWN))
    # The company's come first, so they are committed first: teams' contribute to them.
    order = ("cycle__starts_on", F("team_id").asc(nulls_first=True), "position", "id")
    rows = Objective.objects.filter(engagement=engagement).annotate(held=held)
    objectives: list[Any] = list(rows.select_related("cycle").order_by(*order))
    live = key_results.live().order_by("id")
    invitations = Invitation.objects.filter(engagement=engagement).waiting(now=now)
    named, invited = Q(user=None), Q(id__in=invitations.values("membership_id"))
    return FirstSteps(
        cycle=cycle,
        objectives=len(objectives),
        key_results=sum(one.held for one in objectives),
        committed=sum(one.committed_at is not None for one in objectives),
        to_draft=next((one for one in objectives if not one.held), None),
        to_commit=next((one for one in objectives if one.committed_at is None and one.held), None),
        to_check_in=live.filter(owner=membership).first() or live.first(),
        **Membership.objects.active()
        .filter(engagement=engagement)
        .aggregate(
            people=Count("id"),
            to_invite=Count("id", filter=named & ~invited),
            to_join=Count("id", filter=named & invited),
        ),
    )
