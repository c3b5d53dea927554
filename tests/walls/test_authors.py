"""What a row says about who wrote it is true: the database compares it with the acting user."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from checkins.models import CheckIn
from decisions.models import ActionItem
from engagements.models import Engagement, Membership, Role
from escalations.models import Escalation
from okrs.models import KeyResult, Objective
from reviews.models import Review
from tenancy.grants import privileges_on
from tenancy.scoping import identity, scope
from tests import access_cast, build
from tests.databases import let_only_members_act
from tests.walls.test_scopes import TENANT_MODELS

# Keys to a membership that is responsible for something or takes part, and has written nothing.
NOT_AUTHORS = {
    "champion",
    "context_owner",
    "lead",
    "member",
    "membership",
    "owner",
    "person",
    "plan_owner",
    "reviewer",
    "steward",
    "workflow_owner",
}
MODELS: list[type[models.Model]] = [*TENANT_MODELS, Engagement]
EVENTS = [model for model in MODELS if hasattr(model, "pgh_tracked_model")]
AUTHORS: list[tuple[type[models.Model], Any]] = [
    (model, field)
    for model in MODELS
    if model not in EVENTS
    for field in model._meta.local_fields
    if field.related_model is Membership and field.name not in NOT_AUTHORS
]
ELSEWHERE = "its author is not the acting member"
People = tuple[Engagement, Membership, Membership]


def make_people() -> People:
    """A client with a row in every table, its lead and a contributor."""
    ours = build.engagement()
    alice, bob = build.member(ours), build.member(ours, "Bob", Role.CONTRIBUTOR)
    access_cast.things(ours, alice, bob)
    return ours, alice, bob


@pytest.fixture
def people(committed: str) -> People:
    """Them, with the rule in force."""
    made = make_people()
    let_only_members_act()
    return made


def insert(model: type[models.Model], **values: Any) -> str:
    """Copy a row with other values and return how the database refuses it; empty if it does not.

    Authors that are not given stay empty.
    """
    pk = model._meta.pk
    fields = [one for one in model._meta.local_fields if one is not pk or model is Engagement]
    authors = {field.name for other, field in AUTHORS if other is model}
    chosen = [values.get(one.name, None if one.name in authors else one.column) for one in fields]
    terms = [f'"{one}"' if isinstance(one, str) else "%s" for one in chosen]
    names = ", ".join(f'"{one.column}"' for one in fields)
    statement = (
        f"INSERT INTO {model._meta.db_table} ({names})"
        f" SELECT {', '.join(terms)} FROM {model._meta.db_table} LIMIT 1"
    )
    return refusal(statement, *(one for one in chosen if not isinstance(one, str)))


def refusal(statement: str, *values: Any) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except DatabaseError as error:
        return str(error)
    return ""


def test_every_author_column_is_found() -> None:
    assert {(CheckIn, "author"), (CheckIn, "undone_by"), (ActionItem, "done_by")} <= {
        (model, field.name) for model, field in AUTHORS
    }
    assert len(AUTHORS) >= 28


def test_no_row_names_an_author_who_does_not_act(people: People) -> None:
    ours, alice, bob = people
    written: list[str] = []
    for model, field in AUTHORS:
        for acting in (alice.user_id, None):
            with identity(user_id=acting), scope(ours.id):
                if ELSEWHERE not in insert(model, **{field.name: bob.pk}):
                    written.append(f"{model.__name__}.{field.name}")
        with identity(user_id=bob.user_id), scope(ours.id):
            if ELSEWHERE in insert(model, **{field.name: bob.pk}):
                written.append(f"{model.__name__}.{field.name}: not even by its own author")

    assert written == []


def test_no_change_names_an_author_who_does_not_act(people: People) -> None:
    ours, alice, bob = people
    written: list[str] = []
    with identity(user_id=alice.user_id), scope(ours.id):
        for model, field in AUTHORS:
            if "UPDATE" not in privileges_on(model):
                continue
            table, column = model._meta.db_table, field.column
            if refusal(f"UPDATE {table} SET {column} = {column}"):
                continue  # frozen altogether
            change = f"UPDATE {table} SET {column} = %s WHERE {column} IS DISTINCT FROM %s"
            if ELSEWHERE not in refusal(change, bob.pk, bob.pk):
                written.append(f"{model.__name__}.{field.name}")

    assert written == []


def test_no_setting_turns_history_off(people: People) -> None:
    """Though django-pgtrigger has one, which any statement may set."""
    ours, alice, _ = people
    history = apps.get_model("okrs.ObjectiveEvent")._default_manager
    with identity(user_id=alice.user_id), scope(ours.id):
        before = history.count()
        with connection.cursor() as cursor:
            triggers = "SELECT array_agg(tgname)::text FROM pg_trigger"
            cursor.execute(f"SELECT set_config('pgtrigger.ignore', ({triggers}), true)")
        changed = Objective.objects.update(title="Earn their trust")

        assert changed > 0
        assert history.count() == before + changed


def test_a_removed_member_writes_no_more(people: People) -> None:
    ours, alice, bob = people
    with identity(user_id=alice.user_id):
        build.change(bob, removed_at="2026-03-01T00:00Z", removed_by=alice)

    with identity(user_id=bob.user_id), scope(ours.id):
        assert ELSEWHERE in insert(ActionItem, created_by=bob.pk)


def test_an_undo_names_the_author_whose_words_it_repeats(people: People) -> None:
    ours, alice, bob = people
    with identity(user_id=alice.user_id), scope(ours.id):
        row = CheckIn.objects.order_by("id")[0]
        other = bob if row.author_id == alice.pk else alice
        forged = insert(CheckIn, author=other.pk, undone_by=alice.pk)
        repeated = insert(CheckIn, author=row.author_id, undone_by=alice.pk)

    assert "repeats an earlier check-in of its author" in forged
    assert "repeats" not in repeated


@pytest.mark.parametrize("model", EVENTS, ids=lambda model: model.__name__)
@pytest.mark.django_db
def test_history_is_written_by_triggers_alone(model: type[models.Model]) -> None:
    ours, alice, _ = make_people()

    with identity(user_id=alice.user_id), scope(ours.id):
        assert "rows come from triggers only" in insert(model)


@pytest.mark.django_db
def test_what_was_committed_or_held_cannot_be_deleted() -> None:
    ours, alice, _ = make_people()
    held = {
        KeyResult: "committed_at IS NOT NULL",
        Objective: "committed_at IS NOT NULL",
        Review: "started_at IS NOT NULL",
    }

    with scope(ours.id):
        Objective.objects.update(committed_at=alice.created_at, committed_by=alice)
        for model, condition in held.items():
            statement = f"DELETE FROM {model._meta.db_table} WHERE {condition}"
            assert "stays" in refusal(statement), model.__name__


@pytest.mark.django_db
def test_every_change_of_an_escalation_is_in_its_history() -> None:
    ours, alice, _ = make_people()
    events = apps.get_model("escalations", "EscalationEvent")._default_manager

    with identity(user_id=alice.user_id), scope(ours.id):
        row = Escalation.objects.order_by("id")[0]
        build.change(row, plan="Another plan")

        newest = events.filter(pgh_obj=row).order_by("-pgh_id")[0]
        assert (newest.plan, newest.pgh_context) == ("Another plan", {"user": alice.user_id})
        with pytest.raises(DatabaseError), transaction.atomic():
            row.delete()
