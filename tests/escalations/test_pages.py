"""Escalations on screens: the list, and the forms of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Membership, Role
from escalations.models import Escalation, EscalationState
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import HTMX, TUESDAY, at, post
from tests.checkins.views.conftest import clock  # noqa: F401 - used by every test here
from tests.engagements.conftest import saved
from tests.escalations.escalating import HOUR, NOTE, WEEK, compact, escalated
from tests.query_counts import assert_constant_queries

URL = "/e/northwind/escalations/"
PLAN = "<b>Every store</b> registers by phone."
WATCHING, ACTIVE, ANSWERED, RAISED, DECIDED, RECOVERED = EscalationState


def url(name: str, row: Escalation) -> str:
    return reverse(f"escalations:escalation-{name}", args=["northwind", row.public_id])


def story(row: Escalation) -> str:
    return f"/e/northwind/key-results/{row.key_result.public_id}/#escalation"


def huddle(row: Escalation, **fields: Any) -> dict[str, Any]:
    return {"at": "2026-03-11T10:00", "version": row.version, **fields}


def outcome(row: Escalation, **fields: Any) -> dict[str, Any]:
    owner = row.key_result.owner
    plan = {"outcome": "change_bet", "plan": PLAN, "plan_owner": owner.public_id}
    return {**plan, "checkpoint_on": "2026-03-16", "version": row.version, **fields}


def verdict(row: Escalation, **fields: Any) -> dict[str, Any]:
    return {"verdict": "resources", "note": NOTE, "version": row.version, **fields}


@pytest.fixture
def champion(client: Client, onboarding: KeyResult) -> Membership:
    return build.sign_in(client, onboarding.engagement, Role.CHAMPION)


@pytest.fixture
def sponsor(client: Client, onboarding: KeyResult) -> Membership:
    return build.sign_in(client, onboarding.engagement, Role.SPONSOR)


@pytest.fixture
def row(onboarding: KeyResult, bob: Membership) -> Escalation:
    return escalated(onboarding, bob)


@pytest.fixture
def raised(onboarding: KeyResult, bob: Membership) -> Escalation:
    return escalated(onboarding, bob, state=RAISED)


def test_the_list_shows_of_an_open_one_since_when_what_was_tried_and_what_is_next(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, weeks=5)

    page = compact(signed_in.get(URL).text)

    assert ">1 open escalation: waiting for a recovery plan.<" in page
    assert "Red for five weeks, all reported." in page
    assert "<b>48 h</b>" in page
    assert "Alice calls a huddle within 48 hours" in page
    coming, tried = page.split("What was tried")
    assert "Next, by 16\u00a0Mar" in coming
    assert "attempt 5" in coming
    assert "attempt 5" not in tried
    assert "attempt 4" in tried
    assert "attempt 1<" not in tried


def test_the_list_begins_with_the_most_urgent(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    row = escalated(onboarding, bob, huddle_due_at=TUESDAY - HOUR)
    for state in (WATCHING, ANSWERED, ACTIVE, RAISED):
        objective, metric = row.key_result.objective, row.key_result.metric
        other = build.live_key_result(objective, metric, title=state.value)
        escalated(other, row.key_result.owner, state=state)

    page = compact(signed_in.get(URL).text)

    order = [row.key_result.title, "raised", "active", "answered", "watching"]
    places = [page.index(f'#escalation">{name}</a>') for name in order]
    assert places == sorted(places)
    assert (
        "4 open escalations: 1 overdue, 1 with the sponsor, 1 waiting for a recovery plan, 1"
        " with a recovery plan under way. 1 red key result is watched."
    ) in page


def test_the_list_keeps_closed_ones_and_those_decided_but_still_red_apart(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, now=TUESDAY - WEEK)
    with scope(onboarding.engagement_id):
        post(onboarding, bob, actual="7.4")
    other = build.live_key_result(onboarding.objective, onboarding.metric)
    escalated(other, bob, state=DECIDED)

    decided, memory = compact(signed_in.get(URL).text).split('id="memory"')

    assert "No open escalations." in decided
    assert "Decided by the sponsor: add resources, 10\u00a0Mar" in decided
    assert NOTE in decided
    assert "No longer red since Tue\u00a010\u00a0Mar: 0.32. The escalation is closed." in memory


def test_the_queries_of_the_list_do_not_grow(signed_in: Client, row: Escalation) -> None:
    def add(number: int) -> None:
        other = build.live_key_result(row.key_result.objective, row.key_result.metric)
        state = [ACTIVE, WATCHING, ANSWERED, RAISED, DECIDED][number % 5]
        escalated(other, row.key_result.owner, state=state)

    assert_constant_queries(lambda: signed_in.get(URL), add=add, name="escalation-list")


def test_a_huddle_is_set_on_the_clock_of_the_reader(
    client: Client, row: Escalation, champion: Membership
) -> None:
    build.change(champion.user, time_zone="America/New_York")

    opened = client.get(url("huddle", row))
    answer = client.post(url("huddle", row), huddle(row))

    assert "New York time. You can" in opened.text
    assert answer.url == story(row)  # type: ignore[attr-defined]
    assert saved(row).huddle_at == dt.datetime(2026, 3, 11, 14, 0, tzinfo=dt.UTC)
    page = client.get(story(row)).text
    assert "The huddle is scheduled for tomorrow\u00a010:00." in page
    assert "Reschedule huddle" in page


def test_by_htmx_a_form_opens_and_closes_in_its_place(
    client: Client, row: Escalation, champion: Membership
) -> None:
    opened = client.get(url("huddle", row), headers=HTMX)
    closed = client.get(f"{url('huddle', row)}?closed", headers=HTMX)
    done = client.post(url("huddle", row), huddle(row), headers=HTMX)

    start = f'<section class="escalation" id="escalation-{row.public_id}"'
    for answer, has_form in ((opened, True), (closed, False), (done, False)):
        assert compact(answer.text).startswith(start)
        assert ("<form" in answer.text) is has_form
    assert {"form-saved", "escalation-changed", "toast"} <= set(done["HX-Trigger"].split('"'))


def test_an_outcome_is_recorded_as_a_recovery_plan(
    client: Client, row: Escalation, champion: Membership
) -> None:
    answer = client.post(url("outcome", row), outcome(row))

    assert answer.url == story(row)  # type: ignore[attr-defined]
    assert saved(row).state is ANSWERED
    assert saved(row).checkpoint_on == dt.date(2026, 3, 16)
    page = compact(client.get(story(row)).text)
    assert "Plan under way since today\u00a009:40" in page
    assert "&lt;b&gt;Every store&lt;/b&gt; registers by phone." in page
    assert "<b>6 days</b>" in page
    assert "Record recovery plan" not in page


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_plan_that_is_refused_stays_in_the_form(
    client: Client, row: Escalation, champion: Membership, *, headers: dict[str, str]
) -> None:
    typed = outcome(row, checkpoint_on="2026-03-10")

    answer = client.post(url("outcome", row), typed, headers=headers)

    assert answer.status_code == 422
    assert "Enter a day after today." in answer.text
    assert "&lt;b&gt;Every store&lt;/b&gt;" in answer.text
    assert f'value="{row.key_result.owner.public_id}" selected' in answer.text
    assert saved(row).state is ACTIVE


def test_the_sponsor_records_a_decision(
    client: Client, raised: Escalation, sponsor: Membership
) -> None:
    opened = client.get(url("verdict", raised)).text
    answer = client.post(url("verdict", raised), verdict(raised))

    assert "Sponsor who decided" not in opened
    assert answer.url == story(raised)  # type: ignore[attr-defined]
    assert saved(raised).state is DECIDED
    page = compact(client.get(story(raised)).text)
    assert "Sponsor decided on Tue\u00a010\u00a0Mar: add resources." in page
    assert NOTE in page


def test_a_lead_records_a_decision_for_the_sponsor_with_evidence(
    client: Client, raised: Escalation
) -> None:
    build.member(raised.engagement, "Priya Raman", Role.SPONSOR, user=None)
    build.sign_in(client, raised.engagement, Role.LEAD)
    said = {"word_of": "Priya Raman", "evidence_url": "https://example.test/minutes"}

    opened = client.get(url("verdict", raised))
    nameless = client.post(url("verdict", raised), verdict(raised))
    client.post(url("verdict", raised), verdict(raised, **said))

    assert 'value="Priya Raman"' in opened.text
    assert nameless.status_code == 422
    assert "Add a link to the evidence, such as an email or the minutes." in nameless.text
    assert NOTE in nameless.text
    page = compact(client.get(story(raised)).text)
    assert "add resources. Decision by Priya Raman, recorded by Lead." in page
    assert 'href="https://example.test/minutes"' in page


def test_a_watched_one_is_activated(
    client: Client, onboarding: KeyResult, bob: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob, state=WATCHING)
    before = client.get(story(row)).text

    answer = client.post(url("activate", row))

    assert "No deadline yet" in before
    assert "Activate now" in before
    assert answer.url == story(row)  # type: ignore[attr-defined]
    assert (saved(row).state, saved(row).activated_by) == (ACTIVE, champion)
    page = client.get(story(row)).text
    assert "Champion activated it." in page
    assert "<b>48 h</b>" in page


@pytest.mark.parametrize(("name", "state"), [("huddle", WATCHING), ("outcome", RECOVERED)])
def test_with_nothing_to_record_forms_lead_to_the_key_result(
    client: Client,
    onboarding: KeyResult,
    bob: Membership,
    champion: Membership,
    *,
    name: str,
    state: EscalationState,
) -> None:
    row = escalated(onboarding, bob, state=state)

    page = client.get(url(name, row))
    part = client.get(url(name, row), headers=HTMX)

    assert page.url == story(row)  # type: ignore[attr-defined]
    assert part.status_code == 200
    assert "<form class" not in part.text


def test_forms_lead_back_to_where_the_reader_came_from(
    client: Client, row: Escalation, champion: Membership
) -> None:
    opened = client.get(f"{url('huddle', row)}?next=/")
    home = client.post(url("huddle", row), huddle(row, next="/"))
    later = huddle(row, version=row.version + 1, next="https://evil.test/")
    elsewhere = client.post(url("huddle", row), later)

    assert 'name="next" value="/"' in opened.text
    assert home.url == "/"  # type: ignore[attr-defined]
    assert elsewhere.url == story(row)  # type: ignore[attr-defined]


def test_on_the_page_of_a_form_htmx_swaps_the_escalation_or_goes_on(
    client: Client, row: Escalation, champion: Membership
) -> None:
    own = huddle(row, place="own")

    refused = client.post(url("huddle", row), {**own, "at": ""}, headers=HTMX)
    done = client.post(url("huddle", row), {**own, "next": "/"}, headers=HTMX)
    stale = client.post(url("huddle", row), {**own, "at": "2026-03-11T11:00"}, headers=HTMX)

    for answer, status in ((refused, 422), (stale, 409)):
        assert answer.status_code == status
        assert compact(answer.text).startswith('<section class="escalation"')
        assert 'name="place" value="own"' in answer.text
    assert (done["HX-Redirect"], done.content) == ("/", b"")
    assert "form-saved" in done["HX-Trigger"]


PLANNED: dict[str, Any] = {
    "plan": "Ask the data team.",
    "plan_owner": "alice",
    "answered_by": "alice",
}
PLANNED |= {"outcome": "ask_help", "answered_at": TUESDAY, "checkpoint_on": dt.date(2026, 3, 13)}
ESCAPED = "&lt;b&gt;Every store&lt;/b&gt;"


@pytest.mark.parametrize(
    ("act", "state", "fields", "texts", "can_save"),
    [
        pytest.param(
            huddle,
            ACTIVE,
            {"huddle_at": at("2026-03-11T15:00"), "huddle_set_by": "alice"},
            [
                "Alice scheduled the huddle today\u00a009:40, while",
                "<mark>15:00</mark>",
                "<mark>10:00</mark>",
            ],
            True,
            id="a-huddle-set-by-someone",
        ),
        pytest.param(
            outcome,
            ACTIVE,
            {"huddle_at": at("2026-03-11T15:00"), "huddle_set_by": "reader"},
            ["You scheduled the huddle in another window", "Record it now if it still", ESCAPED],
            True,
            id="a-huddle-set-in-another-window",
        ),
        pytest.param(
            outcome,
            ACTIVE,
            PLANNED,
            ["Alice recorded the recovery plan", "<mark>Ask the data", "<mark>Fri 13<", ESCAPED],
            False,
            id="a-second-plan",
        ),
        pytest.param(
            verdict,
            RAISED,
            {"recovered_at": TUESDAY},
            ["The key result recovered today\u00a009:40, while you were writing.", NOTE],
            False,
            id="a-recovery",
        ),
    ],
)
def test_a_change_meanwhile_is_shown_next_to_the_input(
    client: Client,
    onboarding: KeyResult,
    bob: Membership,
    alice: Membership,
    *,
    act: Callable[..., dict[str, Any]],
    state: EscalationState,
    fields: dict[str, Any],
    texts: list[str],
    can_save: bool,
) -> None:
    row = escalated(onboarding, bob, state=state)
    role = Role.SPONSOR if act is verdict else Role.CHAMPION
    people = {"alice": alice, "reader": build.sign_in(client, onboarding.engagement, role)}
    values = {name: people.get(value, value) for name, value in fields.items()}
    with scope(row.engagement_id):
        Escalation.objects.filter(pk=row.pk).update(**values, version=9)

    answer = client.post(url(act.__name__, row), act(row), headers=HTMX)
    again = client.post(url(act.__name__, row), act(row, version=9), headers=HTMX)

    page = compact(answer.text)
    assert answer.status_code == 409
    assert [text for text in texts if text not in page] == []
    assert ('name="version" value="9"' in page) is can_save
    assert again.status_code == (200 if can_save else 422)
    assert (saved(row).version == 10) is can_save
