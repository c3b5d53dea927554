"""Names that are one: refused at their field, also by the database, and never a second row."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from engagements.form_views import run_command
from engagements.forms.members import InviteForm
from engagements.models import Membership
from metrics.commands import update_metric
from metrics.forms import MetricForm
from metrics.models import Metric
from okrs.commands.cycles import update_cycle, update_team
from okrs.commands.key_results import update_key_result
from okrs.commands.objectives import update_objective
from okrs.forms.cycles import CycleForm, TeamForm
from okrs.forms.key_results import KeyResultForm
from okrs.forms.objectives import ObjectiveForm
from okrs.models import Cycle, KeyResult, Objective, Team
from tenancy.scoping import identity, scope
from tests import build
from tests.okrs.views.forms import typed, typed_objective

VARIANTS = [
    pytest.param("İzmir Café", id="dotted-i"),
    pytest.param("Izmir Cafe\u0301", id="decomposed"),
    pytest.param("IZMIR\u200b CAFÉ", id="zero-width-space"),
    pytest.param("Iz\u00admir Café", id="soft-hyphen"),
    pytest.param("Izmir\u00a0Café", id="no-break-space"),
]
NAME = "Izmir Café"
ADDRESS = "ana@example.test"


@pytest.fixture
def lead(client: Client, db: None) -> Membership:
    return build.sign_in(client, build.engagement())


def named(lead: Membership) -> dict[type[Any], Any]:
    """One row of each kind, with that name."""
    engagement = lead.engagement
    cycle = build.cycle(engagement, NAME)
    objective = build.objective(lead, cycle, title=NAME)
    return {
        Metric: build.metric(engagement, NAME),
        Cycle: cycle,
        Team: build.team(engagement, NAME),
        Objective: objective,
        KeyResult: build.key_result(objective, title=NAME),
    }


def second(
    model: type[Any], rows: dict[type[Any], Any], *, lead: Membership, name: str
) -> tuple[str, dict[str, Any]]:
    """Return where and how a second row of this name is sent."""
    slug = lead.engagement.slug
    cycle, objective = rows[Cycle], rows[Objective]
    quarter = {"kind": "quarterly", "starts_on": "2027-01-01", "ends_on": "2027-03-31"}
    pages: dict[type[Any], tuple[str, list[str], dict[str, Any]]] = {
        Metric: ("metrics:metric-create", [], {"name": name}),
        Cycle: ("okrs:cycle-create", [], {"name": name, **quarter}),
        Team: ("okrs:team-create", [], {"name": name}),
        Objective: ("okrs:objective-create", [cycle.public_id], typed_objective(lead, title=name)),
        KeyResult: ("okrs:key-result-create", [objective.public_id], typed(title=name)),
    }
    page, arguments, fields = pages[model]
    return reverse(page, args=[slug, *arguments]), fields


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("model", [Metric, Cycle, Team, Objective, KeyResult])
def test_a_name_typed_in_another_way_is_refused_at_its_field(
    client: Client, lead: Membership, model: type[Any], name: str
) -> None:
    rows = named(lead)
    url, fields = second(model, rows, lead=lead, name=name)

    answer = client.post(url, fields)

    field = "title" if model in (Objective, KeyResult) else "name"
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    with scope(lead.engagement_id):
        assert list(model.objects.all()) == [rows[model]]


@pytest.mark.parametrize("address", ["Ana@example.test\u200b", "ana\u00ad@example.test\u00a0"])
def test_an_address_typed_in_another_way_is_refused_at_its_field(
    client: Client, lead: Membership, address: str
) -> None:
    build.member(lead.engagement, "Ana", email=ADDRESS)

    fields = {"name": "Ana", "email": address, "role": "contributor"}
    answer = client.post(reverse("engagements:member-invite", args=[lead.engagement.slug]), fields)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["email"])
    with scope(lead.engagement_id):
        assert Membership.objects.filter(email=address).count() == 1


@pytest.mark.parametrize("name", VARIANTS)
def test_a_metric_made_with_its_key_result_is_the_same_metric(
    client: Client, lead: Membership, name: str
) -> None:
    rows = named(lead)
    url, fields = second(KeyResult, rows, lead=lead, name="Median onboarding time")

    answer = client.post(url, {**fields, "metric_name": name})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["metric_name"])
    with scope(lead.engagement_id):
        assert Metric.objects.count() == 1


def violations(lead: Membership) -> dict[str, tuple[forms.Form, str, Callable[[], Any]]]:
    """By constraint: the form, its field, and the insert of a row that someone else has saved."""
    rows = named(lead)
    engagement, name = lead.engagement, "İzmir  Cafe\u0301"
    build.member(engagement, "Ana", email=ADDRESS)
    cycle, objective = rows[Cycle], rows[Objective]
    edit: dict[str, Any] = {"engagement": engagement}
    days = {"starts_on": cycle.starts_on, "ends_on": cycle.ends_on}
    return {
        "metric_name_once": (
            MetricForm({}, **edit),
            "name",
            lambda: Metric.objects.create(engagement=engagement, name=name),
        ),
        "cycle_name_once": (
            CycleForm({}, **edit),
            "name",
            lambda: Cycle.objects.create(engagement=engagement, name=name, **days),
        ),
        "team_name_once": (
            TeamForm({}, **edit),
            "name",
            lambda: Team.objects.create(engagement=engagement, name=name),
        ),
        "objective_said_once": (
            ObjectiveForm({}, cycle=cycle),
            "title",
            lambda: build.objective(lead, cycle, title=name),
        ),
        "keyresult_said_once": (
            KeyResultForm({}, objective=objective),
            "title",
            lambda: build.key_result(objective, title=name),
        ),
        "membership_email_once": (
            InviteForm({}),
            "email",
            lambda: build.member(engagement, "Ana", user=None, email=f"{ADDRESS}\u200b".upper()),
        ),
    }


@pytest.mark.parametrize(
    "constraint",
    [
        "metric_name_once",
        "cycle_name_once",
        "team_name_once",
        "objective_said_once",
        "keyresult_said_once",
        "membership_email_once",
    ],
)
def test_a_row_that_was_saved_meanwhile_is_an_error_at_its_field(
    lead: Membership, constraint: str
) -> None:
    with identity(user_id=lead.user_id), scope(lead.engagement_id):
        form, field, insert = violations(lead)[constraint]
        form.is_valid()
        form.cleaned_data = {}
        form.errors.clear()

        assert run_command(form, transaction.atomic(insert)) is None

        assert list(form.errors) == [field]
        assert Membership.objects.count() > 0  # the transaction goes on


def test_another_broken_constraint_is_no_form_error(lead: Membership) -> None:
    def insert() -> None:
        build.cycle(lead.engagement, starts_on="2026-03-31", ends_on="2026-01-01")

    form = forms.Form({})
    assert form.is_valid()
    with scope(lead.engagement_id), pytest.raises(IntegrityError):
        run_command(form, transaction.atomic(insert))


def test_a_changed_name_is_taken_and_the_old_one_is_free(lead: Membership) -> None:
    with identity(user_id=lead.user_id), scope(lead.engagement_id):
        rows = named(lead)
        metric, team, cycle = rows[Metric], rows[Team], rows[Cycle]
        by: dict[str, Any] = {"version": 1, "by": lead}
        update_metric(metric=metric, name="Ankara", **by)
        update_team(team=team, name="Ankara", champion=None, **by)
        days = {"starts_on": cycle.starts_on, "ends_on": cycle.ends_on}
        now = lead.engagement.created_at
        update_cycle(cycle=cycle, name="Ankara", kind=cycle.kind, now=now, **days, **by)
        update_key_result(key_result=rows[KeyResult], title="Ankara", **by)
        update_objective(objective=rows[Objective], title="Ankara", owner=lead, **by)

        for model, row in rows.items():
            row.refresh_from_db()
            assert getattr(row, "name_key", "") + getattr(row, "title_key", "") == "ankara", model


def test_addresses_are_stored_and_found_as_they_are_compared(db: None) -> None:
    ana = User.objects.create_user(email="Ana\u200b@Example.test\u00a0")

    assert ana.email == ADDRESS
    assert User.objects.get(email="ANA@example.test\ufeff") == ana


@pytest.mark.parametrize(
    ("migration", "models"),
    [
        ("metrics.migrations.0004_name_key", {Metric: "name"}),
        (
            "okrs.migrations.0005_name_keys",
            {Cycle: "name", Team: "name", Objective: "title", KeyResult: "title"},
        ),
    ],
)
def test_the_migration_fills_the_keys_of_rows_that_were_there(
    lead: Membership, migration: str, models: dict[type[Any], str]
) -> None:
    fill = importlib.import_module(migration).fill_keys
    with identity(user_id=lead.user_id), scope(lead.engagement_id):
        rows = named(lead)
        for model in models:
            model.objects.update(**{"name_key" if hasattr(model, "name") else "title_key": "old"})

        fill(apps, type("Editor", (), {"connection": connection}))

        for model, field in models.items():
            assert model.objects.filter(**{f"{field}_key": NAME}).get() == rows[model]
