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
PLAN = "<b>Every store</b> registers by phone."
WATCHING, ACTIVE = EscalationState.WATCHING, EscalationState.ACTIVE
ANSWERED, RAISED = EscalationState.ANSWERED, EscalationState.RAISED
DECIDED, RECOVERED = EscalationState.DECIDED, EscalationState.RECOVERED
MOVED = {"huddle_at": at("2026-03-11T15:00"), "version": 9}


def url(name: str, row: Escalation) -> str:
    return reverse(f"escalations:escalation-{name}", args=["northwind", row.public_id])


def story(row: Escalation) -> str:
    return f"/e/northwind/key-results/{row.key_result.public_id}/#escalation"


def saved(row: Escalation) -> Escalation:
    with scope(row.engagement_id):
        return Escalation.objects.select_related("plan_owner").get(pk=row.pk)


def change(row: Escalation, **fields: Any) -> None:
    """Change it meanwhile, as someone else would."""
    with scope(row.engagement_id):
        Escalation.objects.filter(pk=row.pk).update(**fields)


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


class TestList:
    def test_an_open_one_shows_since_when_what_was_tried_and_what_is_next(
        self, signed_in: Client, onboarding: KeyResult, bob: Membership
    ) -> None:
        escalated(onboarding, bob, weeks=5)

        page = compact(signed_in.get(URL).text)

        assert ">1 open escalation: waiting for a recovery plan.<" in page
        assert "Red for five weeks, all reported." in page
        assert "<b>48 h</b>" in page
        assert "Alice convenes a huddle within 48 hours" in page
        coming, tried = page.split("What was tried")
        assert "Next, by 16\u00a0Mar" in coming
        assert "attempt 5" in coming
        assert "attempt 5" not in tried
        assert "attempt 4" in tried
        assert "attempt 1<" not in tried

    def test_the_most_urgent_come_first(self, signed_in: Client, row: Escalation) -> None:
        change(row, huddle_due_at=TUESDAY - HOUR)
        for state in (WATCHING, ANSWERED, ACTIVE, RAISED):
            objective, metric = row.key_result.objective, row.key_result.metric
            other = build.live_key_result(objective, metric, title=state.value)
            escalated(other, row.key_result.owner, state=state)

        page = compact(signed_in.get(URL).text)

        order = [row.key_result.title, "raised", "active", "answered", "watching"]
        places = [page.index(f'#escalation">{name}</a>') for name in order]
        assert places == sorted(places)
        assert (
            "5 open escalations: 1 overdue, 1 with the sponsor, 1 waiting for a recovery plan, 1"
            " with a recovery plan under way, 1 watched."
        ) in page

    def test_closed_ones_stay_and_those_decided_but_still_red_apart(
        self, signed_in: Client, onboarding: KeyResult, bob: Membership
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
        assert "Out of red since Tue\u00a010\u00a0Mar: 0.32. The escalation is closed." in memory

    def test_texts_of_people_are_escaped(
        self, signed_in: Client, onboarding: KeyResult, bob: Membership
    ) -> None:
        escalated(onboarding, bob, state=ANSWERED, plan="<script>alert(1)</script>")

        page = signed_in.get(URL).text

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_its_queries_do_not_grow(self, signed_in: Client, row: Escalation) -> None:
        def ten_more() -> None:
            for number in range(10):
                other = build.live_key_result(row.key_result.objective, row.key_result.metric)
                state = [ACTIVE, WATCHING, ANSWERED, RAISED, DECIDED][number % 5]
                escalated(other, row.key_result.owner, state=state)

        ten_more()
        assert_constant_queries(lambda: signed_in.get(URL), grow=ten_more, name="escalation-list")


class TestHuddle:
    def test_it_is_set_on_the_clock_of_the_reader(
        self, client: Client, row: Escalation, champion: Membership
    ) -> None:
        assert champion.user is not None
        champion.user.time_zone = "America/New_York"
        champion.user.save()

        opened = client.get(url("huddle", row))
        answer = client.post(url("huddle", row), huddle(row))

        assert "Times in America/New_York." in opened.text
        assert answer.url == story(row)  # type: ignore[attr-defined]
        assert saved(row).huddle_at == dt.datetime(2026, 3, 11, 14, 0, tzinfo=dt.UTC)
        page = client.get(story(row)).text
        assert "The huddle is scheduled for tomorrow\u00a010:00." in page
        assert "Reschedule huddle" in page

    def test_by_htmx_the_form_opens_and_closes_in_its_place(
        self, client: Client, row: Escalation, champion: Membership
    ) -> None:
        opened = client.get(url("huddle", row), headers=HTMX)
        closed = client.get(f"{url('huddle', row)}?closed", headers=HTMX)
        done = client.post(url("huddle", row), huddle(row), headers=HTMX)

        start = f'<section class="escalation" id="escalation-{row.public_id}"'
        for answer, has_form in ((opened, True), (closed, False), (done, False)):
            assert compact(answer.text).startswith(start)
            assert ("<form" in answer.text) is has_form
        assert {"form-saved", "escalation-changed", "toast"} <= set(done["HX-Trigger"].split('"'))

    def test_a_time_that_is_refused_stays_in_the_form(
        self, client: Client, row: Escalation, champion: Membership
    ) -> None:
        answer = client.post(url("huddle", row), huddle(row, at="on Wednesday"))

        assert answer.status_code == 422
        assert "Enter day and time, for example 2026-03-31T14:00." in answer.text
        assert 'value="on Wednesday"' in answer.text

    def test_one_that_someone_set_meanwhile_is_shown_next_to_the_input(
        self, client: Client, row: Escalation, alice: Membership, champion: Membership
    ) -> None:
        change(row, **MOVED, huddle_set_by=alice)

        answer = client.post(url("huddle", row), huddle(row), headers=HTMX)
        again = client.post(url("huddle", row), huddle(row, version=9), headers=HTMX)

        page = compact(answer.text)
        assert answer.status_code == 409
        assert "Alice scheduled the huddle while you were writing." in page
        assert "<mark>15:00</mark>" in page
        assert "<mark>10:00</mark>" in page
        assert 'name="version" value="9"' in page
        assert again.status_code == 200
        assert saved(row).huddle_at == at("2026-03-11T10:00")


class TestOutcome:
    def test_it_is_recorded_as_a_recovery_plan(
        self, client: Client, row: Escalation, champion: Membership
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
        self, client: Client, row: Escalation, champion: Membership, *, headers: dict[str, str]
    ) -> None:
        typed = outcome(row, checkpoint_on="2026-03-10")

        answer = client.post(url("outcome", row), typed, headers=headers)

        assert answer.status_code == 422
        assert "Enter a day after today." in answer.text
        assert "&lt;b&gt;Every store&lt;/b&gt;" in answer.text
        assert f'value="{row.key_result.owner.public_id}" selected' in answer.text
        assert saved(row).state is ACTIVE

    def test_a_second_plan_is_handed_back(
        self, client: Client, row: Escalation, alice: Membership, champion: Membership
    ) -> None:
        plan = {"outcome": "ask_help", "plan": "Ask the data team.", "plan_owner": alice}
        done = {"checkpoint_on": dt.date(2026, 3, 13), "answered_at": TUESDAY, "version": 9}
        change(row, **plan, **done, answered_by=alice)

        answer = client.post(url("outcome", row), outcome(row), headers=HTMX)

        page = compact(answer.text)
        assert answer.status_code == 409
        assert "Alice recorded the recovery plan while you were writing." in page
        assert "<mark>Ask the data team.</mark>" in page
        assert "<mark>Fri 13</mark>" in page
        assert "&lt;b&gt;Every store&lt;/b&gt;" in page
        assert "Record recovery plan</button>" not in page
        assert saved(row).plan == "Ask the data team."

    def test_a_huddle_set_meanwhile_loses_no_text_of_the_plan(
        self, client: Client, row: Escalation, champion: Membership
    ) -> None:
        change(row, **MOVED, huddle_set_by=champion)

        answer = client.post(url("outcome", row), outcome(row), headers=HTMX)
        again = client.post(url("outcome", row), outcome(row, version=9), headers=HTMX)

        page = compact(answer.text)
        assert answer.status_code == 409
        assert "You scheduled the huddle in another window while you were writing." in page
        assert "Record it now if it still applies" in page
        assert "<mark>" not in page
        assert "Record recovery plan</button>" in page
        assert again.status_code == 200
        assert saved(row).state is ANSWERED


class TestVerdict:
    def test_the_sponsor_records_it(
        self, client: Client, raised: Escalation, sponsor: Membership
    ) -> None:
        opened = client.get(url("verdict", raised)).text
        answer = client.post(url("verdict", raised), verdict(raised))

        assert "Sponsor who decided" not in opened
        assert answer.url == story(raised)  # type: ignore[attr-defined]
        assert saved(raised).state is DECIDED
        page = compact(client.get(story(raised)).text)
        assert "Sponsor decided on Tue\u00a010\u00a0Mar: add resources." in page
        assert NOTE in page

    def test_a_lead_records_it_for_the_sponsor_with_evidence(
        self, client: Client, raised: Escalation
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
        assert "Priya Raman decided on" in page
        assert "add resources. Recorded by Lead." in page
        assert 'href="https://example.test/minutes"' in page

    def test_after_the_key_result_left_red_it_is_handed_back(
        self, client: Client, raised: Escalation, sponsor: Membership
    ) -> None:
        change(raised, recovered_at=TUESDAY, version=9)

        answer = client.post(url("verdict", raised), verdict(raised))

        assert answer.status_code == 409
        assert "The key result left red while you were writing." in compact(answer.text)
        assert NOTE in answer.text
        assert "Record decision</button>" not in answer.text


class TestActivate:
    def test_a_watched_one_is_activated(
        self, client: Client, onboarding: KeyResult, bob: Membership, champion: Membership
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

    def test_one_that_is_active_is_refused(
        self, client: Client, row: Escalation, champion: Membership
    ) -> None:
        answer = client.post(url("activate", row), headers=HTMX)

        assert answer.status_code == 422
        assert "This escalation is in another state now." in answer.text


class TestForms:
    @pytest.mark.parametrize(("name", "state"), [("huddle", WATCHING), ("outcome", RECOVERED)])
    def test_with_nothing_to_record_they_lead_to_the_key_result(
        self,
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

    def test_they_lead_back_to_where_the_reader_came_from(
        self, client: Client, row: Escalation, champion: Membership
    ) -> None:
        opened = client.get(f"{url('huddle', row)}?next=/")
        home = client.post(url("huddle", row), huddle(row, next="/"))
        later = huddle(row, version=row.version + 1, next="https://evil.test/")
        elsewhere = client.post(url("huddle", row), later)

        assert 'name="next" value="/"' in opened.text
        assert home.url == "/"  # type: ignore[attr-defined]
        assert elsewhere.url == story(row)  # type: ignore[attr-defined]

    def test_on_their_own_page_htmx_swaps_the_escalation_or_goes_on(
        self, client: Client, row: Escalation, champion: Membership
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
