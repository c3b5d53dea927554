"""Builders of valid rows for tests; each needs only the fields that matter to the test.

They write inside the scope of the engagement they are given, and return real model rows.
The cast: Alice leads, Bob contributes, Charlie is a stranger from another client.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from engagements.commands.share_links import create_share_link, revoke_share_link
from engagements.models import Engagement, Membership, Role, ShareLink
from metrics.models import Metric
from okrs.commands import update_state
from okrs.models import Cycle, KeyResult, KeyResultAudit, Objective, Stage, Team
from tenancy.locks import lock
from tenancy.scoping import scope

PASSWORD = "a-long-enough-password"
# Well formed, and one character longer than an address may be.
LONG_ADDRESS = f"{'a' * 64}@{'b' * 63}.{'b' * 63}.{'c' * 57}.test"


def user(name: str = "Alice", **fields: Any) -> User:
    fields.setdefault("email", f"{name.lower().replace(' ', '.')}@example.test")
    return User.objects.create_user(password=PASSWORD, name=name, **fields)


def engagement(client_name: str = "Northwind SaaS", **fields: Any) -> Engagement:
    fields.setdefault("slug", client_name.split()[0].lower())
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('engagements_engagement', 'id'))")
        (new_id,) = cursor.fetchone()
    with scope(new_id):
        return Engagement.objects.create(id=new_id, client_name=client_name, **fields)


def member(
    engagement: Engagement, name: str = "Alice", role: str = Role.LEAD, **fields: Any
) -> Membership:
    """Someone who signs in; pass user=None for a placeholder, or an existing user."""
    person = fields.pop("user") if "user" in fields else user(name)
    email = fields.pop("email", None) or (person.email if person else f"{uuid4().hex}@example.test")
    with scope(engagement.id):
        return Membership.objects.create(
            engagement=engagement, user=person, name=name, email=email, role=role, **fields
        )


def change(row: Any, **fields: Any) -> None:
    """Behind the commands' backs: in the database and in hand."""
    type(row).objects.filter(pk=row.pk).update(**fields)
    for name, value in fields.items():
        setattr(row, name, value)


def sign_in(client: Client, engagement: Engagement, role: str = Role.LEAD) -> Membership:
    """A member with this role, signed in on this client."""
    somebody = member(engagement, role.capitalize(), role)
    assert somebody.user is not None
    client.force_login(somebody.user)
    return somebody


def cycle(engagement: Engagement, name: str = "2026-Q1", **fields: Any) -> Cycle:
    fields = {"starts_on": dt.date(2026, 1, 1), "ends_on": dt.date(2026, 3, 31), **fields}
    with scope(engagement.id):
        return Cycle.objects.create(engagement=engagement, name=name, **fields)


def team(engagement: Engagement, name: str = "Platform", **fields: Any) -> Team:
    with scope(engagement.id):
        return Team.objects.create(engagement=engagement, name=name, **fields)


def metric(engagement: Engagement, name: str = "Onboarding time", **fields: Any) -> Metric:
    fields = {
        "unit": "days",
        "source": "Loyalty system",
        "refresh": "weekly",
        "access": "Everybody on the team",
        "fetched_by": "Dana",
        "valid_low": Decimal(0),
        "valid_high": Decimal(365),
        **fields,
    }
    with scope(engagement.id):
        return Metric.objects.create(engagement=engagement, name=name, **fields)


def objective(owner: Membership, cycle: Cycle, **fields: Any) -> Objective:
    fields = {"title": "Make first-time buyers want to return", **fields}
    with scope(owner.engagement_id):
        return Objective.objects.create(
            engagement_id=owner.engagement_id, cycle=cycle, owner=owner, created_by=owner, **fields
        )


def key_result(objective: Objective, metric: Metric | None = None, **fields: Any) -> KeyResult:
    """In Draft, complete enough to be committed; give stage and committed_at for more."""
    with scope(objective.engagement_id):
        fields = {
            "title": f"Median onboarding time of a loyalty member {uuid4().hex[:6]}",
            "owner_id": objective.owner_id,
            "created_by_id": objective.owner_id,
            "baseline": Decimal(9),
            "target": Decimal(4),
            "direction": "lower",
            "starts_on": objective.cycle.starts_on,
            "due_on": objective.cycle.ends_on,
            "indicator": "leading",
            **fields,
        }
        return KeyResult.objects.create(
            engagement_id=objective.engagement_id, objective=objective, metric=metric, **fields
        )


def live_key_result(objective: Objective, metric: Metric | None = None, **fields: Any) -> KeyResult:
    """Committed, waiting for its first check-in."""
    when = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)
    fields = {
        "stage": Stage.COMMITTED,
        "committed_at": when,
        "committed_by_id": objective.owner_id,
        **fields,
    }
    return key_result(objective, metric, **fields)


def set_state(key_result: KeyResult, **change: Any) -> KeyResult:
    """Write a state as commands do, who hold the row."""
    with transaction.atomic():
        lock(key_result)
        return update_state(key_result=key_result, **change)


def audited(key_result: KeyResult, *, by: Membership) -> KeyResult:
    """With both answers of the audit that only a person can give."""
    with scope(key_result.engagement_id):
        KeyResultAudit.objects.create(
            engagement_id=key_result.engagement_id,
            key_result=key_result,
            refresh_confirmed=True,
            ambitious=True,
            answered_by=by,
            answered_at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        )
    return key_result


def share(by: Membership, *, now: dt.datetime | None = None, **fields: Any) -> ShareLink:
    """An open share link of this member's engagement."""
    fields.setdefault("label", "Board")
    with scope(by.engagement_id):
        return create_share_link(
            engagement=by.engagement, by=by, now=now or timezone.now(), **fields
        )


def share_expired(by: Membership, **fields: Any) -> ShareLink:
    return share(by, now=timezone.now() - dt.timedelta(days=200), **fields)


def share_revoked(by: Membership, **fields: Any) -> ShareLink:
    link = share(by, **fields)
    with scope(by.engagement_id):
        return revoke_share_link(share_link=link, by=by, now=timezone.now())
