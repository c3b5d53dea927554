from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from engagements.commands.engagements import close_engagement, freeze_bands
from engagements.models import Engagement, Membership, Role
from okrs.guardrails import PRESETS
from tenancy.scoping import scope
from tests import build
from tests.engagements.conftest import HTMX, saved
from tests.query_counts import assert_constant_queries

CREATE_URL = "/engagements/new/"
HARBOR = {"client_name": "Harbor Freight", "time_zone": "Europe/Oslo", "country": "NO"}
URL = "/e/northwind/settings/"
TYPED = {
    "version": "1",
    "client_name": "Northwind",
    "time_zone": "America/New_York",
    "country": "US",
    "locale": "de_CH",
    "vision": "Everybody finds the way",
    "strategy_themes": "Growth\n\n  Trust  \n",
    "cadence": "biweekly",
    "due_weekday": "2",
    "due_time": "16:30",
    "opens_days_before": "2",
    "scale": "hundred",
    "bands": "strict",
    "guardrails": "wide",
    "escalation": "strict",
    "pauses_weekends": "on",
    "status_page": "published",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(lead: Membership) -> Membership:
    with scope(lead.engagement_id):
        close_engagement(engagement=lead.engagement, by=lead, now=timezone.now())
    return lead


def test_a_lead_creates_another_engagement_and_leads_it(client: Client, closed: Membership) -> None:
    build.engagement("Harbor Freight", slug="another")  # of someone else
    assert client.get(CREATE_URL).status_code == 200

    answer = client.post(CREATE_URL, HARBOR)

    assert (answer.status_code, answer["Location"]) == (302, "/e/harbor-freight/")
    page = client.get("/e/harbor-freight/settings/")
    assert page.context["engagement"].time_zone == "Europe/Oslo"


@pytest.mark.parametrize(
    ("field", "typed"), [("time_zone", "Europe/Atlantis"), ("client_name", "northwind SAAS")]
)
def test_a_refusal_keeps_the_text(client: Client, lead: Membership, field: str, typed: str) -> None:
    answer = client.post(CREATE_URL, {**HARBOR, field: typed})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert f'value="{typed if field == "client_name" else "Harbor Freight"}"' in answer.text
    assert client.get("/e/harbor-freight/").status_code == 404


def test_everything_typed_is_saved(client: Client, lead: Membership) -> None:
    eve = build.member(lead.engagement, "Eve", Role.CHAMPION)

    answer = client.post(URL, {**TYPED, "workflow_owner": eve.public_id})

    assert (answer.status_code, answer["Location"]) == (302, URL)
    now = saved(lead.engagement)
    assert (now.client_name, now.time_zone, now.country) == ("Northwind", "America/New_York", "US")
    assert (now.strategy_themes, now.vision) == (["Growth", "Trust"], "Everybody finds the way")
    assert (now.cadence, now.due_weekday, now.due_time) == ("biweekly", 2, dt.time(16, 30))
    assert (now.bands, now.guardrails, now.escalation) == ("strict", "wide", "strict")
    assert (now.opens_days_before, now.scale, now.version) == (2, "hundred", 2)
    assert (now.workflow_owner_id, now.context_owner_id) == (eve.pk, None)
    assert now.pauses_weekends
    assert now.figure_locale == "de_CH"


def test_figures_follow_the_country_until_another_locale_is_chosen(
    client: Client, lead: Membership
) -> None:
    assert saved(lead.engagement).figure_locale == "de_DE"
    assert "As in the country: 1.234.567,8" in client.get(URL).text

    client.post(URL, {**TYPED, "locale": ""})

    assert saved(lead.engagement).figure_locale == "en_US"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("time_zone", "Europe/Atlantis"),
        ("country", "XX"),
        ("locale", "tlh"),
        ("opens_days_before", "8"),
        ("client_name", ""),
        ("due_time", "25:00"),
        ("bands", "rainbow"),
        ("strategy_themes", "x" * 201),
        ("context_owner", "viewer"),
        ("context_owner", "stranger"),
        ("context_owner", "x" * 12),
    ],
)
def test_refused_settings_keep_it(client: Client, lead: Membership, field: str, typed: str) -> None:
    people = {
        "viewer": build.member(lead.engagement, "Vera", Role.VIEWER).public_id,
        "stranger": build.member(build.engagement("Harbor"), "Hannah").public_id,
    }

    answer = client.post(URL, {**TYPED, field: people.get(typed, typed)})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert "Everybody finds the way" in answer.text
    assert saved(lead.engagement).version == 1


def test_a_stale_edit_shows_what_differs_and_can_be_saved(client: Client, lead: Membership) -> None:
    build.log_in(colleague := Client(), build.member(lead.engagement, "Jonas"))
    assert colleague.post(URL, TYPED).status_code == 302
    typed = {**TYPED, "vision": "Another one", "strategy_themes": "Growth\r\nTrust"}

    answer = client.post(URL, typed)

    assert answer.status_code == 409
    assert "Jonas saved this today" in " ".join(answer.text.split())
    assert "Keep Jonas’s version" in answer.text
    assert [row.label for row in answer.context["differences"]] == ["Vision"]
    again = client.post(URL, {**typed, "version": answer.context["form"]["version"].value()})
    assert (again.status_code, saved(lead.engagement).vision) == (302, "Another one")


def test_frozen_bands_are_shown_and_not_changed(client: Client, lead: Membership) -> None:
    with scope(lead.engagement_id):
        freeze_bands(engagement=lead.engagement, on=timezone.now().date() - dt.timedelta(days=9))

    assert "Fixed since" in client.get(URL).text
    client.post(URL, TYPED)
    now = saved(lead.engagement)
    assert (now.bands, now.client_name) == ("playbook", "Northwind")


def test_members_read_the_settings_without_a_form(client: Client, engagement: Engagement) -> None:
    build.change(engagement, workflow_owner=build.member(engagement, "Eve", Role.CHAMPION))
    build.sign_in(client, engagement, Role.CONTRIBUTOR)

    text = client.get(URL).text.split("<main")[1]

    assert "<input" not in text
    for term, fact in (("Workflow owner", "Eve"), ("Pause deadlines at weekends", "no")):
        assert f"<dt>{term}</dt><dd>{fact}</dd>" in text
    assert client.post(URL, TYPED).status_code == 403


def test_the_form_keeps_a_draft_until_it_is_saved(client: Client, lead: Membership) -> None:
    page = client.get(URL).text
    refused = client.post(URL, {**TYPED, "client_name": ""}, headers=HTMX)
    saved_now = client.post(URL, TYPED, headers=HTMX)

    assert f'data-draft="{lead.user_id}:{URL}"' in page
    assert refused.text.lstrip().startswith("<form")
    assert "HX-Trigger" not in refused
    assert "form-saved" in saved_now["HX-Trigger"]


def test_a_zone_stored_by_its_old_name_is_shown_by_todays(client: Client) -> None:
    build.sign_in(client, build.engagement(time_zone="Asia/Calcutta"))

    form = client.get(URL).context["form"]

    assert 'value="Asia/Kolkata" selected' in str(form["time_zone"])


def test_the_guardrails_say_what_the_rules_hold(client: Client, lead: Membership) -> None:
    words = dict(client.get(URL).context["form"].fields["guardrails"].choices)

    for preset, held in PRESETS.items():
        assert f"{held.key_results} key results" in words[preset]
        assert str(held.company.most) in words[preset].split(" objectives")[0]


def test_it_needs_the_same_queries_for_ten_and_for_twenty(client: Client, lead: Membership) -> None:
    def add(number: int) -> None:
        build.member(lead.engagement, f"Champion {number}", Role.CHAMPION, user=None)

    assert_constant_queries(lambda: client.get(URL), add=add, name="engagement-settings")


def test_a_lead_closes_it_and_opens_it_again(client: Client, lead: Membership) -> None:
    assert client.get(f"{URL}close/").status_code == 200
    assert not saved(lead.engagement).is_closed

    shut = client.post(f"{URL}close/", follow=True)
    assert saved(lead.engagement).is_closed
    assert f'action="{URL}reopen/"' in shut.text

    client.post(f"{URL}reopen/")
    assert not saved(lead.engagement).is_closed


def test_nothing_in_it_is_changed_and_all_is_read(client: Client, closed: Membership) -> None:
    cycle = build.cycle(closed.engagement)
    key_result = build.live_key_result(build.objective(closed, cycle))
    here = "/e/northwind/"
    paths = (
        *("", "board/", "cycles/", "status/", "members/", "teams/", "settings/", "reminders/"),
        *("decisions/", f"cycles/{cycle.public_id}/", f"key-results/{key_result.public_id}/"),
    )
    pages = [client.get(f"{here}{path}") for path in paths]

    assert {page.status_code for page in pages} == {200}
    assert all("<strong>Closed on " in page.text for page in pages)
    assert "Check in" not in pages[-1].text.split("<main")[1].split("</main>")[0]
    forms = [f"{page}/new/" for page in ("cycles", "teams", "metrics", "reviews")]
    for path in ("settings/", f"key-results/{key_result.public_id}/check-in/", *forms):
        answer = client.post(f"{here}{path}", {})
        assert (answer.status_code, "Northwind SaaS is closed." in answer.text) == (403, True)
    assert {client.get(f"{here}{path}").status_code for path in forms} == {403}
    assert client.post(URL, {}, headers=HTMX)["HX-Refresh"] == "true"  # it was open before


def test_its_people_and_links_are_still_looked_after(client: Client, closed: Membership) -> None:
    bob = build.member(closed.engagement, "Bob", Role.CONTRIBUTOR)
    link = build.share(closed)
    posts = {
        "members/invite-several/": {"people": "ana@x.test, ben@x.test", "role": "viewer"},
        "members/invite-waiting/": {},
        f"members/{bob.public_id}/remove/": {},
        f"share-links/{link.public_id}/revoke/": {},
    }

    answers = [client.post(f"/e/northwind/{path}", data) for path, data in posts.items()]

    assert [answer.status_code for answer in answers] == [302] * 4


def test_it_leaves_my_week_and_stays_in_the_profile(client: Client, closed: Membership) -> None:
    build.member(build.engagement("Harbor"), "Lead", user=closed.user)

    week, profile = client.get("/").text, client.get("/profile/").text

    assert ("Harbor" in week, "Northwind SaaS" in week) == (True, False)
    assert '<a href="/e/northwind/">Northwind SaaS</a>' in profile
