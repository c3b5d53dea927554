"""Escalations on screens: the list, and the forms of one."""

from __future__ import annotations

import datetime as dt
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
from tests.escalations.escalating import HOUR, NOTE, WEEK, compact, escalated
from tests.query_counts import assert_constant_queries

URL = "/e/northwind/escalations/"


@pytest.fixture
def another(onboarding: KeyResult) -> KeyResult:
    return build.live_key_result(onboarding.objective, onboarding.metric, title="Paper forms")


def test_without_one_it_says_so(signed_in: Client, onboarding: KeyResult) -> None:
    page = signed_in.get(URL)

    assert "No open escalations." in page.text
    assert "Key results that are red for two weeks appear here, with what was tried" in page.text


def test_what_was_decided_stays_in_the_list_while_it_is_red(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, state=EscalationState.DECIDED)

    page = signed_in.get(URL)

    assert "Decided, still red" in page.text
    assert "Decided by the sponsor: add resources, 10\u00a0Mar" in page.text
    assert 'id="memory"' not in page.text


def test_one_shows_what_is_red_since_when_how_often_and_what_was_tried(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, weeks=5)

    page = signed_in.get(URL)

    assert "1 open escalation: waiting for a recovery plan." in page.text
    assert "red for five weeks ·" in compact(page.text)
    assert "the weeks of 9\u00a0Feb and 16\u00a0Feb were red. Red for five weeks" in page.text
    assert "all reported" in page.text
    coming, tried = page.text.split("What was tried")
    assert "Next, by 16\u00a0Mar" in coming
    assert "Ask for a nightly export, attempt 5" in coming
    assert "attempt 5" not in tried
    assert "Ask for a nightly export, attempt 4" in tried
    assert "attempt 1<" not in page.text
    assert (
        "Alice convenes a huddle within 48 hours, then Alice records a recovery plan" in page.text
    )
    assert "<b>48 h</b>" in page.text


def test_the_most_urgent_come_first(signed_in: Client, bob: Membership, another: KeyResult) -> None:
    names = {}
    for state in (WATCHING, ANSWERED, ACTIVE, RAISED):
        row = build.live_key_result(another.objective, another.metric, title=state.value)
        names[state] = row.title
        escalated(row, bob, state=state)
    escalated(another, bob, huddle_due_at=TUESDAY - dt.timedelta(hours=1))

    page = signed_in.get(URL)

    order = [another.title, "raised", "active", "answered", "watching"]
    places = [page.text.index(f'#escalation">{name}</a>') for name in order]
    assert places == sorted(places)
    assert "5 open escalations: 1 overdue, 1 with the sponsor" in page.text


def test_what_is_closed_stays_as_memory(
    signed_in: Client, onboarding: KeyResult, bob: Membership, another: KeyResult
) -> None:
    escalated(onboarding, bob, now=TUESDAY - WEEK)
    with scope(onboarding.engagement_id):
        post(onboarding, bob, actual="7.4")
    escalated(another, bob, state=DECIDED)

    page = signed_in.get(URL)

    assert "Out of red since today: 0.32. The escalation is closed." in page.text
    assert "Bob decided on Tue\u00a010\u00a0Mar: add resources." in page.text
    assert NOTE in page.text
    assert 'id="memory"' in page.text


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.CONTRIBUTOR, set()),
        (Role.SPONSOR, set()),
        (Role.CHAMPION, {"Schedule huddle", "Record recovery plan"}),
        (Role.LEAD, {"Schedule huddle", "Record recovery plan"}),
    ],
)
def test_buttons_are_for_those_who_may(
    client: Client, onboarding: KeyResult, bob: Membership, role: str, sees: set[str]
) -> None:
    escalated(onboarding, bob)
    build.sign_in(client, onboarding.engagement, role)

    page = client.get(URL)

    offered = ("Activate now", "Schedule huddle", "Record recovery plan", "Record decision")
    assert {label for label in offered if f"{label}<" in page.text} == sees


def test_words_of_people_are_escaped(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, state=ANSWERED, plan="<script>alert(1)</script>")

    page = signed_in.get(URL)

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_its_queries_do_not_grow(signed_in: Client, onboarding: KeyResult, bob: Membership) -> None:
    def ten_more() -> None:
        for number in range(10):
            row = build.live_key_result(
                onboarding.objective, onboarding.metric, title=f"Row {number} {len(made)}"
            )
            made.append(row)
            state = [ACTIVE, WATCHING, ANSWERED, RAISED, DECIDED][number % 5]
            escalated(row, bob, state=state)

    made: list[KeyResult] = []
    ten_more()

    assert_constant_queries(lambda: signed_in.get(URL), grow=ten_more, name="escalation-list")


WATCHING, ACTIVE = EscalationState.WATCHING, EscalationState.ACTIVE
ANSWERED, RAISED = EscalationState.ANSWERED, EscalationState.RAISED
DECIDED, RECOVERED = EscalationState.DECIDED, EscalationState.RECOVERED
PLAN = "<b>Every store</b> registers by phone."


def url(name: str, row: Escalation) -> str:
    return reverse(f"escalations:escalation-{name}", args=["northwind", row.public_id])


def story(key_result: KeyResult) -> str:
    return f"/e/northwind/key-results/{key_result.public_id}/#escalation"


def now(row: Escalation) -> Escalation:
    """As it stands in the database."""
    with scope(row.engagement_id):
        return Escalation.objects.select_related("plan_owner").get(pk=row.pk)


def outcome(row: Escalation, *, owner: Membership, **fields: Any) -> dict[str, Any]:
    return {
        "outcome": "change_bet",
        "plan": PLAN,
        "plan_owner": owner.public_id,
        "checkpoint_on": "2026-03-16",
        "version": row.version,
        **fields,
    }


def verdict(row: Escalation, **fields: Any) -> dict[str, Any]:
    return {"verdict": "resources", "note": NOTE, "version": row.version, **fields}


@pytest.fixture
def champion(client: Client, onboarding: KeyResult) -> Membership:
    """Signed in."""
    return build.sign_in(client, onboarding.engagement, Role.CHAMPION)


@pytest.fixture
def sponsor(client: Client, onboarding: KeyResult) -> Membership:
    """Signed in."""
    return build.sign_in(client, onboarding.engagement, Role.SPONSOR)


# The huddle.


def test_the_huddle_is_set_on_the_clock_of_the_reader(
    client: Client, onboarding: KeyResult, bob: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob)
    assert champion.user is not None
    champion.user.time_zone = "America/New_York"
    champion.user.save()

    opened = client.get(url("huddle", row))
    answer = client.post(url("huddle", row), {"at": "2026-03-11T10:00", "version": row.version})

    assert "Times in America/New_York." in opened.text
    assert answer.url == story(onboarding)  # type: ignore[attr-defined]
    assert now(row).huddle_at == dt.datetime(2026, 3, 11, 14, 0, tzinfo=dt.UTC)
    assert now(row).huddle_set_by == champion
    page = client.get(answer.url).text  # type: ignore[attr-defined]
    assert "The huddle is scheduled for tomorrow\u00a010:00." in page
    assert "Reschedule huddle" in page


def test_by_htmx_the_form_opens_and_closes_in_its_place(
    client: Client, onboarding: KeyResult, bob: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob)

    opened = client.get(url("huddle", row), headers=HTMX)
    closed = client.get(f"{url('huddle', row)}?closed", headers=HTMX)
    saved = client.post(
        url("huddle", row), {"at": "2026-03-11T10:00", "version": row.version}, headers=HTMX
    )

    for answer in (opened, closed, saved):
        assert compact(answer.text).startswith(
            f'<section class="escalation" id="escalation-{row.public_id}"'
        )
    assert "<form" in opened.text
    assert "<form" not in closed.text
    assert "Reschedule huddle" in saved.text
    assert {"form-saved", "escalation-changed", "toast"} <= set(saved["HX-Trigger"].split('"'))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the day and time of the huddle."),
        ("on Wednesday", "Enter day and time, for example 2026-03-31T14:00."),
        ("2026-03-09T10:00", "This is before the escalation became active."),
        ("2026-04-09T10:00", "Enter a time within two weeks."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_moment_that_does_not_fit_is_refused_and_kept(
    client: Client,
    onboarding: KeyResult,
    bob: Membership,
    champion: Membership,
    *,
    headers: dict[str, str],
    typed: str,
    said: str,
) -> None:
    row = escalated(onboarding, bob)

    answer = client.post(url("huddle", row), {"at": typed, "version": row.version}, headers=headers)

    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{typed}"' in answer.text
    assert now(row).huddle_at is None


def test_a_huddle_that_somebody_set_meanwhile_is_shown_beside_ones_own(
    client: Client, onboarding: KeyResult, bob: Membership, alice: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob)
    with scope(row.engagement_id):
        moved = {"huddle_at": at("2026-03-11T15:00"), "huddle_set_by": alice, "version": 9}
        Escalation.objects.filter(pk=row.pk).update(**moved)
    typed = {"at": "2026-03-11T10:00", "version": row.version}

    answer = client.post(url("huddle", row), typed, headers=HTMX)
    again = client.post(url("huddle", row), {**typed, "version": 9}, headers=HTMX)

    assert answer.status_code == 409
    assert "Alice scheduled the huddle while you were writing." in answer.text
    assert "<mark>15:00</mark>" in answer.text
    assert "<mark>10:00</mark>" in answer.text
    assert 'name="version" value="9"' in answer.text
    assert again.status_code == 200
    assert now(row).huddle_at == at("2026-03-11T10:00")


# The outcome.


def test_the_outcome_is_recorded_as_a_recovery_plan(
    client: Client, onboarding: KeyResult, bob: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob)

    answer = client.post(url("outcome", row), outcome(row, owner=bob))

    found = now(row)
    assert answer.url == story(onboarding)  # type: ignore[attr-defined]
    assert (found.state, found.outcome, found.plan_owner) == (ANSWERED, "change_bet", bob)
    assert found.checkpoint_on == dt.date(2026, 3, 16)
    page = client.get(answer.url).text  # type: ignore[attr-defined]
    assert "Plan under way since today\u00a009:40" in page
    assert "&lt;b&gt;Every store&lt;/b&gt; registers by phone." in page
    assert "<b>6 days</b>" in page
    assert "Record recovery plan" not in page


def test_the_owner_of_the_objective_records_it_whatever_their_role(
    client: Client, onboarding: KeyResult, bob: Membership
) -> None:
    dana = build.sign_in(client, onboarding.engagement, Role.CONTRIBUTOR)
    with scope(onboarding.engagement_id):
        type(onboarding.objective).objects.update(owner=dana)
    row = escalated(onboarding, bob)

    page = client.get(story(onboarding)).text
    answer = client.post(url("outcome", row), outcome(row, owner=bob))

    assert 'class="btn btn-primary" href="' + url("outcome", row) in compact(page)
    assert "Schedule huddle<" not in page
    assert client.get(url("huddle", row)).status_code == 403
    assert answer.status_code == 302
    assert now(row).answered_by == dana


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"outcome": ""}, "Choose one: change the bet, or ask for help."),
        ({"plan": "  "}, "Describe what you will do differently."),
        ({"plan_owner": ""}, "Choose one person to carry out the plan."),
        ({"checkpoint_on": ""}, "Enter the day of the checkpoint."),
        ({"checkpoint_on": "2026-03-10"}, "Enter a day after today."),
        ({"checkpoint_on": "2026-04-08"}, "Enter a day within four weeks."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_plan_that_is_not_whole_is_refused_with_every_word_kept(
    client: Client,
    onboarding: KeyResult,
    bob: Membership,
    champion: Membership,
    *,
    headers: dict[str, str],
    fields: dict[str, Any],
    said: str,
) -> None:
    row = escalated(onboarding, bob)
    typed = outcome(row, owner=bob, **fields)

    answer = client.post(url("outcome", row), typed, headers=headers)

    assert answer.status_code == 422
    assert said in answer.text
    assert ("&lt;b&gt;Every store&lt;/b&gt;" in answer.text) == ("plan" not in fields)
    assert f'value="{bob.public_id}" selected' in answer.text or "plan_owner" in fields
    assert now(row).state is ACTIVE


def test_a_plan_is_recorded_once_and_the_second_one_is_handed_back(
    client: Client, onboarding: KeyResult, bob: Membership, alice: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob)
    with scope(row.engagement_id):
        escalation = {"outcome": "ask_help", "plan": "Ask the data team.", "plan_owner": alice}
        more = {"checkpoint_on": dt.date(2026, 3, 13), "answered_at": TUESDAY, "version": 9}
        Escalation.objects.filter(pk=row.pk).update(**escalation, **more, answered_by=alice)

    answer = client.post(url("outcome", row), outcome(row, owner=bob), headers=HTMX)

    assert answer.status_code == 409
    assert "Alice recorded the recovery plan while you were writing." in answer.text
    assert "<mark>Ask the data team.</mark>" in answer.text
    assert "&lt;b&gt;Every store&lt;/b&gt;" in answer.text
    assert "Record recovery plan</button>" not in answer.text
    assert now(row).plan == "Ask the data team."


def test_a_huddle_set_meanwhile_costs_no_word_of_the_plan(
    client: Client, onboarding: KeyResult, bob: Membership, alice: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob)
    with scope(row.engagement_id):
        moved = {"huddle_at": TUESDAY + HOUR, "huddle_set_by": alice, "version": 9}
        Escalation.objects.filter(pk=row.pk).update(**moved)

    answer = client.post(url("outcome", row), outcome(row, owner=bob), headers=HTMX)
    again = client.post(url("outcome", row), outcome(row, owner=bob, version=9), headers=HTMX)

    assert answer.status_code == 409
    assert "Alice scheduled the huddle while you were writing." in answer.text
    assert "Record it now if it still applies" in answer.text
    assert "<mark>" not in answer.text
    assert "Record recovery plan</button>" in answer.text
    assert again.status_code == 200
    assert now(row).state is ANSWERED


# The verdict.


def test_the_sponsor_records_what_they_decided(
    client: Client, onboarding: KeyResult, bob: Membership, sponsor: Membership
) -> None:
    row = escalated(onboarding, bob, state=RAISED)

    opened = client.get(url("verdict", row)).text
    answer = client.post(url("verdict", row), verdict(row))

    assert "Sponsor who decided" not in opened
    assert answer.url == story(onboarding)  # type: ignore[attr-defined]
    assert (now(row).state, now(row).verdict, now(row).word_of) == (DECIDED, "resources", "")
    page = client.get(answer.url).text  # type: ignore[attr-defined]
    assert "Sponsor decided on Tue\u00a010\u00a0Mar: add resources." in page
    assert NOTE in page


def test_a_lead_records_the_word_of_the_sponsor_with_evidence(
    client: Client, onboarding: KeyResult, bob: Membership
) -> None:
    row = escalated(onboarding, bob, state=RAISED)
    build.sign_in(client, onboarding.engagement, Role.LEAD)
    said = {"word_of": "Priya Raman", "evidence_url": "https://example.test/minutes"}

    nameless = client.post(url("verdict", row), verdict(row))
    answer = client.post(url("verdict", row), verdict(row, **said))

    assert nameless.status_code == 422
    assert "Name the sponsor who decided." in nameless.text
    assert "Add a link to the evidence, such as an email or the minutes." in nameless.text
    assert NOTE in nameless.text
    page = client.get(answer.url).text  # type: ignore[attr-defined]
    assert "Priya Raman decided on Tue\u00a010\u00a0Mar: add resources. Recorded by Lead." in page
    assert 'href="https://example.test/minutes"' in page


def test_a_verdict_after_the_key_result_left_red_is_handed_back(
    client: Client, onboarding: KeyResult, bob: Membership, sponsor: Membership
) -> None:
    row = escalated(onboarding, bob, state=RAISED)
    with scope(row.engagement_id):
        Escalation.objects.filter(pk=row.pk).update(recovered_at=TUESDAY, version=9)

    answer = client.post(url("verdict", row), verdict(row))

    assert answer.status_code == 409
    assert "The key result left red while you were writing." in answer.text
    assert NOTE in answer.text
    assert "Record decision</button>" not in answer.text


# By hand.


def test_a_watched_one_is_made_active_by_hand(
    client: Client, onboarding: KeyResult, bob: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob, state=WATCHING)
    page = client.get(story(onboarding)).text
    assert "No deadline yet" in page
    assert "Activate now" in page

    answer = client.post(url("activate", row))

    assert answer.url == story(onboarding)  # type: ignore[attr-defined]
    assert (now(row).state, now(row).activated_by) == (ACTIVE, champion)
    page = client.get(answer.url).text  # type: ignore[attr-defined]
    assert "Champion activated it." in page
    assert "<b>48 h</b>" in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_one_that_is_active_already_says_so(
    client: Client,
    onboarding: KeyResult,
    bob: Membership,
    champion: Membership,
    *,
    headers: dict[str, str],
) -> None:
    row = escalated(onboarding, bob)

    answer = client.post(url("activate", row), headers=headers)

    shown = answer if headers else client.get(story(onboarding))
    assert answer.status_code == (422 if headers else 302)
    assert "This escalation is already active." in shown.text


# Where there is nothing to do.


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("huddle", WATCHING),
        ("huddle", ANSWERED),
        ("outcome", ANSWERED),
        ("outcome", RAISED),
        ("outcome", RECOVERED),
    ],
)
def test_a_form_that_has_nothing_to_record_leads_to_the_story(
    client: Client,
    onboarding: KeyResult,
    bob: Membership,
    champion: Membership,
    *,
    name: str,
    state: EscalationState,
) -> None:
    row = escalated(onboarding, bob, state=state)

    plain = client.get(url(name, row))
    part = client.get(url(name, row), headers=HTMX)

    assert plain.url == story(onboarding)  # type: ignore[attr-defined]
    assert part.status_code == 200
    assert "<form class" not in part.text


def test_after_it_one_is_led_back_to_where_one_came_from(
    client: Client, onboarding: KeyResult, bob: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob)
    typed = {"at": "2026-03-11T10:00", "version": row.version}

    opened = client.get(f"{url('huddle', row)}?next=/")
    home = client.post(url("huddle", row), {**typed, "next": "/"})
    elsewhere = client.post(
        url("huddle", row), {**typed, "version": row.version + 1, "next": "https://evil.test/"}
    )

    assert 'name="next" value="/"' in opened.text
    assert home.url == "/"  # type: ignore[attr-defined]
    assert elsewhere.url == story(onboarding)  # type: ignore[attr-defined]


def test_on_its_own_page_htmx_goes_onward_or_swaps_no_more_than_the_escalation(
    client: Client, onboarding: KeyResult, bob: Membership, champion: Membership
) -> None:
    row = escalated(onboarding, bob)
    own = {"at": "2026-03-11T10:00", "version": row.version, "place": "own"}

    refused = client.post(url("huddle", row), {**own, "at": ""}, headers=HTMX)
    saved = client.post(url("huddle", row), {**own, "next": "/"}, headers=HTMX)
    stale = client.post(url("huddle", row), {**own, "at": "2026-03-11T11:00"}, headers=HTMX)
    again = client.post(url("huddle", row), {**own, "version": row.version + 1}, headers=HTMX)

    for answer, status in ((refused, 422), (stale, 409)):
        assert answer.status_code == status
        assert compact(answer.text).startswith('<section class="escalation"')
        assert 'name="place" value="own"' in answer.text
    assert (saved["HX-Redirect"], saved.content) == ("/", b"")
    assert "form-saved" in saved["HX-Trigger"]
    assert again["HX-Redirect"] == story(onboarding)
