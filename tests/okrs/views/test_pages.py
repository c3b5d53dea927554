from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engagements.models import Membership, Role
from okrs.models import Cycle, KeyResult, Objective, Stage, Team
from tenancy.scoping import scope
from tests import build
from tests.okrs.views.forms import HTMX, NUMBER_IN_TITLE, typed, typed_objective, url_of
from tests.query_counts import assert_constant_queries

QUARTER = {
    "name": "2026-Q2",
    "kind": "quarterly",
    "starts_on": "2026-04-01",
    "ends_on": "2026-06-30",
}
EARLIER = {"starts_on": dt.date(2025, 1, 1), "ends_on": dt.date(2025, 3, 31)}
OF_A_CYCLE = ("cycle-detail", "objective-create")
WEEK = dt.timedelta(days=7)


def address(cycle: Cycle, name: str) -> str:
    """The page of this cycle, or of its engagement."""
    args = [cycle.engagement.slug, cycle.public_id]
    return reverse(f"okrs:{name}", args=args if name in OF_A_CYCLE else args[:1])


def test_it_adds_a_cycle(client: Client, lead: Membership) -> None:
    answer = client.post(reverse("okrs:cycle-create", args=[lead.engagement.slug]), QUARTER)

    with scope(lead.engagement_id):
        cycle = Cycle.objects.get()
    assert cycle.ends_on == dt.date(2026, 6, 30)
    assert answer.headers["Location"] == url_of(cycle, "cycle-detail")
    confirmed = {**QUARTER, "name": "Spring", "confirm_overlap": "on"}
    for fields, asked in (({}, False), ({**QUARTER, "name": "Spring"}, True), (confirmed, False)):
        page = client.post(address(cycle, "cycle-create"), fields)
        assert ('name="confirm_overlap"' in page.text) == asked
    assert page.status_code == 302


def test_it_adds_a_team(client: Client, lead: Membership, cycle: Cycle) -> None:
    for name, headers, onward in (("Growth", {}, "Location"), ("Core", HTMX, "HX-Redirect")):
        fields = {"name": name, "champion": lead.public_id}
        answer = client.post(address(cycle, "team-create"), fields, headers=headers)
        assert answer.headers[onward] == address(cycle, "team-list")

    with scope(lead.engagement_id):
        assert [team.champion for team in Team.objects.all()] == [lead, lead]


@pytest.mark.parametrize(
    ("name", "fields", "error"),
    [
        pytest.param("cycle-create", {**QUARTER, "ends_on": "2026-03-01"}, "ends_on", id="dates"),
        pytest.param("team-create", {"champion": "contributor1"}, "champion", id="champion"),
        pytest.param("objective-create", {"origin": "top_down"}, "owner", id="no-owner"),
    ],
)
def test_a_form_that_is_refused_keeps_its_input(
    client: Client, lead: Membership, cycle: Cycle, name: str, fields: dict[str, str], error: str
) -> None:
    build.member(lead.engagement, "Bob", Role.CONTRIBUTOR, public_id="contributor1")
    url, filled = address(cycle, name), {"name": "Growth", "title": "Growth", **fields}

    page, part = (client.post(url, filled, headers=headers) for headers in ({}, HTMX))

    for answer in (page, part):
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [error]
        assert fields.get("ends_on", "Growth") in answer.text
    assert ("<html" in page.text, "<html" in part.text) == (True, False)


def test_the_page_shows_the_sets_with_what_overlaps_and_is_not_linked(
    client: Client, lead: Membership, cycle: Cycle
) -> None:
    objective = build.objective(lead, cycle, team=build.team(lead.engagement))
    metric = build.metric(lead.engagement)
    for title in ("Days until first value", "Days until second value"):
        build.live_key_result(objective, metric, title=title)

    page = client.get(url_of(cycle, "cycle-detail")).text

    unaligned = '<span class="flag">Unaligned</span>'
    for shown in (objective.title, "Days until first value", "Overlaps", unaligned):
        assert shown in page


@pytest.mark.parametrize("name", ["cycle-list", "team-list", "cycle-detail", "board"])
def test_rows_add_no_queries(client: Client, lead: Membership, cycle: Cycle, name: str) -> None:
    engagement, metric = cycle.engagement, build.metric(cycle.engagement)

    def add(number: int) -> None:
        build.cycle(engagement, f"Cycle {number}", **EARLIER)
        team = build.team(engagement, f"Team {number}", champion=lead)
        objective = build.objective(lead, cycle, title=f"Objective {number}", team=team)
        one, two = build.key_result(objective, metric), build.live_key_result(objective, metric)
        build.contribution(one, two)

    url = address(cycle, name)
    assert_constant_queries(lambda: client.get(url), add=add, name=name)


def test_a_card_stands_in_the_column_of_its_stage(client: Client, objective: Objective) -> None:
    red: dict[str, Any] = {"title": "Days until first value", "score": "0.30", "rag": "red"}
    build.live_key_result(objective, stage=Stage.AT_RISK, confidence=2, on_pace=False, **red)
    green: dict[str, Any] = {"score": Decimal("0.70"), "rag": "green", "on_pace": True}
    build.live_key_result(objective, stage=Stage.ON_TRACK, **green)
    build.key_result(objective)

    page = client.get(address(objective.cycle, "board"))

    at_risk = page.text.partition('id="stage-at_risk"')[2].partition("<section")[0]
    for shown in ("Days until first value", "Behind pace", "so far (Red)", "confidence 2"):
        assert shown in at_risk
    assert "unverified" in page.text
    assert page.context["headline"] == (
        "1 of 2 key results is on pace. 1 is behind and red: Days until first value."
    )
    assert page.context["empty"] == ["Committed", "Closed", "Learning"]
    assert page.text.count('<section aria-labelledby="stage-') == 3


@pytest.mark.parametrize(("weeks", "shown"), [(0, ""), (1, ""), (2, "for two weeks")])
def test_a_card_shows_from_two_weeks_on_how_long_it_has_been_red(
    client: Client, lead: Membership, *, weeks: int, shown: str
) -> None:
    today = lead.engagement.today(timezone.now())
    monday = today - dt.timedelta(days=today.weekday())
    cycle = build.cycle(lead.engagement, starts_on=monday - 12 * WEEK, ends_on=monday + 3 * WEEK)
    build.live_key_result(
        build.objective(lead, cycle),
        stage=Stage.AT_RISK,
        rag="red",
        score=Decimal("0.10"),
        red_since=monday - (weeks - 1) * WEEK if weeks else None,
        last_week=monday,
    )

    for name in ("board", "cycle-detail"):
        page = client.get(address(cycle, name)).text
        assert shown in page
        assert ("for two weeks" in page) == bool(shown)


def test_the_board_shows_the_chosen_cycle_or_all(client: Client, lead: Membership) -> None:
    first, second = (build.cycle(lead.engagement, name) for name in ("2025-Q4", "2026-Q1"))
    for cycle in (first, second):
        build.key_result(build.objective(lead, cycle), title=f"Of {cycle}")

    for chosen, shown in ((first.public_id, [True, False]), ("", [True, True])):
        page = client.get(address(first, "board"), {"cycle": chosen}).text
        assert [text in page for text in ("Of 2025-Q4", "Of 2026-Q1")] == shown


def test_htmx_gets_the_columns_alone(client: Client, lead: Membership, cycle: Cycle) -> None:
    part = client.get(address(cycle, "board"), {"cycle": ""}, headers=HTMX)

    assert part.text.strip().startswith('<div id="board"')
    assert 'id="head" hx-swap-oob="true"' in part.text


@pytest.mark.parametrize("noun", ["cycle", "team", "objective", "key-result"])
def test_a_stale_edit_shows_both_versions_and_saving_again_wins(
    client: Client, lead: Membership, objective: Objective, noun: str
) -> None:
    dates = {"starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    row, fields, field = {
        "cycle": (objective.cycle, {**QUARTER, **dates}, "name"),
        "team": (build.team(lead.engagement), {}, "name"),
        "objective": (objective, typed_objective(lead), "title"),
        "key-result": (build.key_result(objective), typed(), "title"),
    }[noun]
    url = url_of(row, f"{noun}-update")
    shy, old = (f"Win {word} buyers back" for word in ("shy", "old"))
    jonas, colleague = build.member(lead.engagement, "Jonas Weber"), Client()
    build.log_in(colleague, jonas)
    colleague.post(url, {**fields, "version": 1, field: shy})

    stale = client.post(url, {**fields, "version": 1, field: old})
    again = client.post(url, {**fields, "version": 2, field: old})

    assert stale.status_code == 409
    now = timezone.localtime(timezone=ZoneInfo("Europe/Berlin")).strftime("%H:%M")
    assert f"Jonas Weber saved this today {now}, while" in " ".join(stale.text.split())
    # Keeping the other version comes first for Tab, and Enter in a field saves nothing.
    keep, enter, mine = (
        stale.text.index(text)
        for text in ("data-keep", '<button type="submit" hidden disabled>', ">Use mine<")
    )
    assert keep < enter < mine
    assert "Keep Jonas’s version" in stale.text
    assert 'btn-primary" type="submit"' not in stale.text
    for shown in ("<mark>shy</mark>", "<mark>old</mark>", 'name="version" value="2"'):
        assert shown in stale.text
    assert again.status_code == 302


@pytest.mark.parametrize("name", ["objective-discard", "key-result-discard", "key-result-audit"])
def test_what_is_committed_is_not_deleted(client: Client, objective: Objective, name: str) -> None:
    live = build.live_key_result(objective)
    row = objective if name.startswith("objective") else live

    answer = client.post(url_of(row, name), {"version": 1, "ambitious": "on"})

    assert answer.status_code == 422
    assert "is committed" in answer.context["refusal"]


@pytest.mark.parametrize("noun", ["objective", "key-result"])
def test_a_draft_is_deleted_with_its_rows(client: Client, drafted: Objective, noun: str) -> None:
    key_result = build.key_result(drafted)
    row = drafted if noun == "objective" else key_result
    url = url_of(row, f"{noun}-discard")

    page = client.get(url_of(row, f"{noun}-update"))
    answer = client.post(url)

    assert url in page.text
    onward = url_of(drafted.cycle, "cycle-detail") if noun == "objective" else url_of(drafted)
    assert answer.headers["Location"] == onward
    with scope(drafted.engagement_id):
        assert Objective.objects.exists() is (noun != "objective")
        assert not KeyResult.objects.exists()


@pytest.mark.parametrize(
    ("noun", "fields", "shown"),
    [
        pytest.param("objective", {"title": NUMBER_IN_TITLE}, True, id="M3-measure"),
        pytest.param("key-result", {}, True, id="M3-count"),
        pytest.param(
            "key-result", {"metric_name": "Parts", "metric_unit": "percent"}, False, id="M3-share"
        ),
    ],
)
def test_checks_are_shown_as_people_type_and_save_nothing(
    client: Client, drafted: Objective, noun: str, fields: dict[str, str], *, shown: bool
) -> None:
    row = drafted.cycle if noun == "objective" else drafted
    parts = typed(title="Parts delivered on two sites", baseline="0", target="12")
    data = typed_objective(drafted.owner) if noun == "objective" else parts

    part = client.post(url_of(row, f"{noun}-check"), {**data, **fields}, headers=HTMX)

    reason = "measure" if noun == "objective" else "activity"
    assert (f'name="reason-{reason}"' in part.text) is shown
    assert "<html" not in part.text
    with scope(drafted.engagement_id):
        assert Objective.objects.get() == drafted
        assert not KeyResult.objects.exists()
