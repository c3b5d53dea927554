"""Two walls, each of which holds alone."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils import timezone

from engagements.models import Engagement, Membership, Role
from okrs.models import Objective, Team
from status.commands import store_snapshot
from tenancy.models import TenantManager
from tenancy.scoping import MAX_ENGAGEMENTS, ScopeError, identity, scope, unscoped
from tests import access_cast, build

pytestmark = pytest.mark.django_db

TENANT_MODELS = [
    model
    for model in apps.get_models()
    if any(field.column == "engagement_id" for field in model._meta.local_fields)
]


@pytest.fixture
def two_clients() -> tuple[Engagement, Engagement]:
    ours, theirs = build.engagement("Northwind SaaS"), build.engagement("Harbor Retail")
    build.team(ours, "Platform")
    build.team(theirs, "Stores")
    return ours, theirs


@pytest.mark.parametrize("model", [*TENANT_MODELS, Engagement], ids=lambda model: model.__name__)
def test_a_query_outside_a_scope_raises(model: type[models.Model]) -> None:
    with pytest.raises(ScopeError):
        model._default_manager.all()


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_every_tenant_model_uses_the_scoped_manager(model: type[models.Model]) -> None:
    assert isinstance(model._default_manager, TenantManager)


def test_a_scope_shows_its_own_rows_only(two_clients: tuple[Engagement, Engagement]) -> None:
    ours, theirs = two_clients

    with scope(ours.id):
        assert [team.name for team in Team.objects.all()] == ["Platform"]
    with scope(ours.id, theirs.id):
        assert Team.objects.count() == 2


def test_the_database_alone_leaks_nothing(two_clients: tuple[Engagement, Engagement]) -> None:
    ours, _ = two_clients

    with scope(ours.id), unscoped():
        assert [team.name for team in Team.objects.all()] == ["Platform"]
        assert [client.client_name for client in Engagement.objects.all()] == ["Northwind SaaS"]
    with scope(ours.id), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM okrs_team")
        assert cursor.fetchall() == [("Platform",)]
    with unscoped():
        assert not Team.objects.exists()


def test_the_application_alone_leaks_nothing(two_clients: tuple[Engagement, Engagement]) -> None:
    ours, theirs = two_clients

    with scope(ours.id):
        with connection.cursor() as cursor:
            both = f"{{{ours.id},{theirs.id}}}"
            cursor.execute("SELECT set_config('app.engagements', %s, true)", [both])
            cursor.execute("SELECT count(*) FROM okrs_team")
            assert cursor.fetchone() == (2,)
        assert [team.name for team in Team.objects.all()] == ["Platform"]


def test_the_database_alone_hides_every_table() -> None:
    ours, theirs = build.engagement("Northwind SaaS"), build.engagement("Harbor Retail")
    access_cast.things(ours, build.member(ours), build.member(ours, "Bob", Role.CONTRIBUTOR))
    store_snapshot(engagement_id=ours.pk, now=timezone.now())

    with unscoped():
        seen = {model.__name__ for model in TENANT_MODELS if model._default_manager.exists()}
    with scope(theirs.id), unscoped():
        leaked = {model.__name__ for model in TENANT_MODELS if model._default_manager.exists()}
    with scope(ours.id):
        there = {model.__name__ for model in TENANT_MODELS if model._default_manager.exists()}

    assert there == {model.__name__ for model in TENANT_MODELS}
    assert seen == set()
    assert leaked == set()


def test_a_row_for_another_client_is_refused(two_clients: tuple[Engagement, Engagement]) -> None:
    ours, theirs = two_clients

    with scope(ours.id), pytest.raises(DatabaseError), transaction.atomic():
        Team.objects.create(engagement=theirs, name="Planted")


def test_a_row_cannot_point_into_another_client(
    two_clients: tuple[Engagement, Engagement],
) -> None:
    ours, theirs = two_clients
    lead, foreign = build.member(ours, "Alice"), build.member(theirs, "Charlie")
    cycle = build.cycle(ours)

    with scope(ours.id):
        Objective.objects.create(
            engagement=ours, cycle=cycle, owner=foreign, created_by=lead, title="Planted"
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.check_constraints()
        transaction.set_rollback(True)


def test_leaving_a_scope_restores_the_one_around_it_even_after_a_failure(
    two_clients: tuple[Engagement, Engagement],
) -> None:
    ours, theirs = two_clients

    with scope(ours.id):
        for statement in ("SELECT 1", "SELECT 1 / 0"):
            with suppress(DatabaseError), transaction.atomic(), scope(theirs.id):
                connection.cursor().execute(statement)
            with unscoped():
                assert [team.name for team in Team.objects.all()] == ["Platform"]


def test_a_person_reads_their_own_memberships_before_a_scope_is_known(
    two_clients: tuple[Engagement, Engagement],
) -> None:
    ours, theirs = two_clients
    alice = build.member(ours, "Alice")
    build.member(theirs, "Charlie")

    with identity(user_id=alice.user_id), unscoped():
        assert [person.name for person in Membership.objects.all()] == ["Alice"]
        assert [client.pk for client in Engagement.objects.all()] == [ours.pk]


def test_a_removed_member_no_longer_reads_the_engagement() -> None:
    ours = build.engagement()
    alice = build.member(ours)
    build.change(alice, removed_at="2026-03-01T00:00Z")

    with identity(user_id=alice.user_id), unscoped():
        assert not Engagement.objects.exists()


def test_a_known_membership_is_read_and_never_written_from_outside() -> None:
    alice = build.member(build.engagement())

    with identity(user_id=alice.user_id), unscoped():
        assert Membership.objects.filter(pk=alice.pk).update(role="sponsor") == 0


def test_a_scope_holds_at_most_two_hundred_engagements() -> None:
    with pytest.raises(ScopeError), scope(*range(MAX_ENGAGEMENTS + 1)):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE okrs_team CASCADE",
        "ALTER TABLE okrs_team DISABLE ROW LEVEL SECURITY",
        "SET ROLE plumbline_owner",
        "SET session_replication_role = replica",
        "ALTER TABLE checkins_checkin DISABLE TRIGGER ALL",
        "UPDATE checkins_checkin SET insight = 'rewritten'",
        "DELETE FROM checkins_checkin",
        "UPDATE okrs_keyresultevent SET title = 'rewritten'",
        "DELETE FROM okrs_keyresultevent",
    ],
)
def test_the_running_role_cannot(statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_change_is_kept_with_who_made_it() -> None:
    ours = build.engagement()
    alice = build.member(ours)
    team = build.team(ours, "Platform")

    with identity(user_id=alice.user_id), scope(ours.id):
        Team.objects.filter(pk=team.pk).update(name="Foundations")

    with scope(ours.id):
        events = apps.get_model("okrs", "TeamEvent")._default_manager.filter(pgh_obj=team)
        assert list(events.order_by("pgh_id").values_list("name", "pgh_context")) == [
            ("Platform", None),
            ("Foundations", {"user": alice.user_id}),
        ]
