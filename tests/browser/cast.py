"""The people and clients of a journey: its own, so that journeys share one running product.

The cycle runs now, and today is the day on which the cards are due, whatever the weekday.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import User
from engagements.models import Engagement, Membership, Role
from okrs.models import Cycle, KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import post

WEEK = dt.timedelta(weeks=1)


def user(name: str = "Alice") -> User:
    return build.user(name, email=f"{name.lower()}.{uuid4().hex[:8]}@example.test", time_zone="UTC")


def client(name: str) -> Engagement:
    """Its cards are due today, late in the evening."""
    return build.engagement(
        name,
        slug=f"{name.split()[0].lower()}-{uuid4().hex[:8]}",
        time_zone="UTC",
        due_weekday=timezone.now().weekday(),
        due_time=dt.time(23, 59),
        opens_days_before=0,
    )


def member(engagement: Engagement, person: User, role: str = Role.LEAD) -> Membership:
    return build.member(engagement, person.name, role, user=person)


def cycle(engagement: Engagement) -> Cycle:
    """Thirteen weeks, of which this is the sixth."""
    today = timezone.now().date()
    monday = today - dt.timedelta(days=today.weekday())
    dates = {"starts_on": monday - 5 * WEEK, "ends_on": monday + 8 * WEEK - dt.timedelta(days=1)}
    return build.cycle(engagement, "This quarter", **dates)


def cards(owner: Membership, *titles: str, latest: int = 8, **fields: Any) -> list[KeyResult]:
    """Live key results from 9 down to 4 days, last checked in a week ago."""
    running = cycle(owner.engagement)
    objective = build.objective(owner, running)
    metric = build.metric(owner.engagement)
    committed_at = timezone.now() - 3 * WEEK
    made = [
        build.live_key_result(objective, metric, title=title, committed_at=committed_at, **fields)
        for title in titles
    ]
    now = timezone.now() - WEEK
    with scope(owner.engagement_id):
        for key_result in made:
            post(key_result, owner, actual=latest, confidence=3, now=now, measured_on=now.date())
    return made
