"""Builders of valid rows for tests; each needs only the fields that matter to the test.

They write inside the scope of the engagement they are given, and return real model rows.
The cast: Alice leads, Bob contributes, Charlie is a stranger from another client.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, SubFactory, Trait
from factory.django import DjangoModelFactory

from accounts.models import User
from engagements.commands.share_links import create_share_link, revoke_share_link
from engagements.models import Engagement, Membership, Role, ShareLink
from imports.models import Sheet
from imports.sheets import read_grid
from metrics.models import Metric
from okrs.models import ContributionLink, Cycle, KeyResult, KeyResultAudit, Objective, Stage, Team
from okrs.states import update_state
from tenancy.locks import lock
from tenancy.scoping import scope

PASSWORD = "a-long-enough-password"
COMMITTED_AT = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)
# Well formed, and one character longer than an address may be.
LONG_ADDRESS = f"{'a' * 64}@{'b' * 63}.{'b' * 63}.{'c' * 57}.test"


T = TypeVar("T", bound=models.Model)


class TenantFactory(DjangoModelFactory[T]):
    """Rows of a client, written inside its tenant scope."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[T], *args: Any, **kwargs: Any) -> T:
        with scope(kwargs.get("engagement_id") or kwargs["engagement"].id):
            return model_class._default_manager.create(*args, **kwargs)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    name = "Alice"
    email = LazyAttribute(lambda new: f"{new.name.lower().replace(' ', '.')}@example.test")
    password = PASSWORD

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(*args, **kwargs)


class EngagementFactory(DjangoModelFactory[Engagement]):
    class Meta:
        model = Engagement

    client_name = "Northwind SaaS"
    slug = LazyAttribute(lambda new: new.client_name.split()[0].lower())

    @classmethod
    def _create(cls, model_class: type[Engagement], *args: Any, **kwargs: Any) -> Engagement:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('engagements_engagement', 'id'))")
            (new_id,) = cursor.fetchone()
        with scope(new_id):
            return model_class.objects.create(id=new_id, **kwargs)


class MembershipFactory(TenantFactory[Membership]):
    """Someone who signs in; pass user=None for a placeholder, or an existing user."""

    class Meta:
        model = Membership

    engagement = SubFactory(EngagementFactory)
    name = "Alice"
    user = SubFactory(UserFactory, name=SelfAttribute("..name"))
    email = LazyAttribute(lambda new: new.user.email if new.user else f"{uuid4().hex}@example.test")
    role = Role.LEAD


class CycleFactory(TenantFactory[Cycle]):
    class Meta:
        model = Cycle

    engagement = SubFactory(EngagementFactory)
    name = "2026-Q1"
    starts_on = dt.date(2026, 1, 1)
    ends_on = dt.date(2026, 3, 31)


class TeamFactory(TenantFactory[Team]):
    class Meta:
        model = Team

    engagement = SubFactory(EngagementFactory)
    name = "Platform"


class MetricFactory(TenantFactory[Metric]):
    class Meta:
        model = Metric

    engagement = SubFactory(EngagementFactory)
    name = "Onboarding time"
    unit = "days"
    source = "Loyalty system"
    refresh = "weekly"
    access = "Everybody on the team"
    fetched_by = "Dana"
    valid_low = Decimal(0)
    valid_high = Decimal(365)


class ObjectiveFactory(TenantFactory[Objective]):
    class Meta:
        model = Objective

    class Params:
        committed = Trait(committed_at=COMMITTED_AT, committed_by=SelfAttribute("owner"))

    owner = SubFactory(MembershipFactory)
    engagement_id = SelfAttribute("owner.engagement_id")
    cycle = SubFactory(CycleFactory, engagement=SelfAttribute("..owner.engagement"))
    title = "Make first-time buyers want to return"
    created_by = SelfAttribute("owner")


class KeyResultFactory(TenantFactory[KeyResult]):
    """In Draft, complete enough to be committed; `live` is committed, before its first check-in."""

    class Meta:
        model = KeyResult

    class Params:
        live = Trait(
            stage=Stage.COMMITTED,
            committed_at=COMMITTED_AT,
            committed_by_id=SelfAttribute("objective.owner_id"),
        )

    objective = SubFactory(ObjectiveFactory)
    engagement_id = SelfAttribute("objective.engagement_id")
    title = LazyFunction(lambda: f"Median onboarding time of a loyalty member {uuid4().hex[:6]}")
    owner_id = SelfAttribute("objective.owner_id")
    created_by_id = SelfAttribute("objective.owner_id")
    baseline = Decimal(9)
    target = Decimal(4)
    direction = "lower"
    starts_on = SelfAttribute("objective.cycle.starts_on")
    due_on = SelfAttribute("objective.cycle.ends_on")
    indicator = "leading"


def user(name: str = "Alice", **fields: Any) -> User:
    return UserFactory.create(name=name, **fields)


def engagement(client_name: str = "Northwind SaaS", **fields: Any) -> Engagement:
    return EngagementFactory.create(client_name=client_name, **fields)


def member(
    engagement: Engagement, name: str = "Alice", role: str = Role.LEAD, **fields: Any
) -> Membership:
    return MembershipFactory.create(engagement=engagement, name=name, role=role, **fields)


def cycle(engagement: Engagement, name: str = "2026-Q1", **fields: Any) -> Cycle:
    return CycleFactory.create(engagement=engagement, name=name, **fields)


def team(engagement: Engagement, name: str = "Platform", **fields: Any) -> Team:
    return TeamFactory.create(engagement=engagement, name=name, **fields)


def metric(engagement: Engagement, name: str = "Onboarding time", **fields: Any) -> Metric:
    return MetricFactory.create(engagement=engagement, name=name, **fields)


def objective(owner: Membership, cycle: Cycle | None = None, **fields: Any) -> Objective:
    """In this cycle, or in one of its own."""
    if cycle is not None:
        fields["cycle"] = cycle
    return ObjectiveFactory.create(owner=owner, **fields)


def key_result(objective: Objective, metric: Metric | None = None, **fields: Any) -> KeyResult:
    with scope(objective.engagement_id):
        return KeyResultFactory.create(objective=objective, metric=metric, **fields)


def live_key_result(objective: Objective, metric: Metric | None = None, **fields: Any) -> KeyResult:
    return key_result(objective, metric, live=True, **fields)


def log_in(client: Client, member: Membership) -> None:
    assert member.user is not None
    client.force_login(member.user)


def sign_in(client: Client, engagement: Engagement, role: str = Role.LEAD) -> Membership:
    """A member with this role, signed in on this client."""
    member_of_role = member(engagement, role.capitalize(), role)
    log_in(client, member_of_role)
    return member_of_role


def change(row: Any, **fields: Any) -> None:
    """Behind the commands' backs, whatever scope is open: in the database and in hand."""
    with scope(getattr(row, "engagement_id", row.pk)):
        type(row).objects.filter(pk=row.pk).update(**fields)
    for name, value in fields.items():
        setattr(row, name, value)


def set_state(key_result: KeyResult, **change: Any) -> KeyResult:
    """Write a state as commands do, who hold the row."""
    with transaction.atomic():
        lock(key_result)
        return update_state(key_result=key_result, **change)


def audited(key_result: KeyResult, *, by: Membership) -> KeyResult:
    """With the answer of the audit that only a person can give."""
    with scope(key_result.engagement_id):
        KeyResultAudit.objects.create(
            engagement_id=key_result.engagement_id,
            key_result=key_result,
            ambitious=True,
            answered_by=by,
            answered_at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        )
    return key_result


def contribution(source: KeyResult, target: KeyResult, how: str = "") -> ContributionLink:
    with scope(source.engagement_id):
        return ContributionLink.objects.create(
            engagement_id=source.engagement_id, source=source, target=target, how=how
        )


def share(by: Membership, *, now: dt.datetime | None = None, **fields: Any) -> ShareLink:
    """An open share link of this member's engagement."""
    fields.setdefault("label", "Board")
    with scope(by.engagement_id):
        return create_share_link(
            engagement=by.engagement, by=by, now=now or timezone.now(), **fields
        )


def sheet(by: Membership, content: bytes = b"Objective,KR\nGrow,Sales\n", **fields: Any) -> Sheet:
    """A sheet that this member has stored and not imported."""
    grid = read_grid(content)
    fields = {"name": "okrs.csv", "created_at": timezone.now(), **fields}
    with scope(by.engagement_id):
        return Sheet.objects.create(
            engagement=by.engagement,
            created_by=by,
            headings=list(grid.headings),
            grid=asdict(grid),
            **fields,
        )


def share_expired(by: Membership, **fields: Any) -> ShareLink:
    return share(by, now=timezone.now() - dt.timedelta(days=200), **fields)


def share_revoked(by: Membership, **fields: Any) -> ShareLink:
    link = share(by, **fields)
    with scope(by.engagement_id):
        return revoke_share_link(share_link=link, by=by, now=timezone.now())
