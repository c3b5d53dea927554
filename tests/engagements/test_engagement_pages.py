from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from engagements.commands.engagements import close_engagement, freeze_bands, update_engagement
from engagements.models import Engagement, Membership, Role
from okrs.guardrails import PRESETS
from tenancy.scoping import scope
from tests import build
from tests.query_counts import assert_constant_queries

CREATE_URL = "/engagements/new/"
HARBOR = {"client_name": "Harbor Freight", "time_zone": "Europe/Oslo", "country": "NO"}
URL = "/e/northwind/settings/"
CLOSE_URL, REOPEN_URL = f"{URL}close/", f"{URL}reopen/"
TYPED = {
    "version": "1",
    "client_name": "Northwind",
    "time_zone": "America/New_York",
    "country": "US",
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


def test_a_lead_creates_the_next_engagement_and_leads_it(client: Client) -> None:
    build.engagement("Harbor Freight", slug="another")  # of someone else
    build.sign_in(client, build.engagement())
    assert client.get(CREATE_URL).status_code == 200

    answer = client.post(CREATE_URL, HARBOR)

    assert (answer.status_code, answer["Location"]) == (302, "/e/harbor-freight/")
    page = client.get("/e/harbor-freight/settings/")
    assert page.context["engagement"].time_zone == "Europe/Oslo"
    assert "is open at /e/harbor-freight/." in page.text


def test_the_first_person_of_an_installation_creates_one(client: Client) -> None:
    client.force_login(build.user("Alice"))

    assert client.post(CREATE_URL, HARBOR).status_code == 302


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("time_zone", "Europe/Atlantis", "Select a valid choice"),
        ("client_name", "northwind SAAS", "You’re already in an engagement with Northwind SaaS."),
    ],
)
def test_a_refused_engagement_keeps_what_was_typed(
    client: Client, field: str, typed: str, error: str
) -> None:
    build.sign_in(client, build.engagement())

    answer = client.post(CREATE_URL, {**HARBOR, field: typed})

    assert answer.status_code == 422
    assert error in answer.text
    assert f'value="{typed if field == "client_name" else "Harbor Freight"}"' in answer.text
    assert client.get("/e/harbor-freight/").status_code == 404


def saved(engagement: Engagement) -> Engagement:
    with scope(engagement.id):
        return Engagement.objects.get(pk=engagement.pk)


def test_everything_typed_is_saved(client: Client, lead: Membership) -> None:
    form = {**TYPED, "scale": client.get(URL).context["form"].fields["scale"].choices[1][0]}

    answer = client.post(URL, form)

    assert (answer.status_code, answer["Location"]) == (302, URL)
    now = saved(lead.engagement)
    assert (now.client_name, now.time_zone, now.country) == ("Northwind", "America/New_York", "US")
    assert (now.strategy_themes, now.vision) == (["Growth", "Trust"], "Everybody finds the way")
    assert (now.cadence, now.due_weekday, now.due_time) == ("biweekly", 2, dt.time(16, 30))
    assert (now.bands, now.guardrails, now.escalation) == ("strict", "wide", "strict")
    assert (now.opens_days_before, now.scale, now.version) == (2, form["scale"], 2)
    assert now.pauses_weekends


def test_clocks_run_through_weekends_unless_switched(client: Client, lead: Membership) -> None:
    client.post(URL, {**TYPED, "scale": lead.engagement.scale})
    typed = {name: value for name, value in TYPED.items() if name != "pauses_weekends"}

    client.post(URL, {**typed, "scale": lead.engagement.scale, "version": "2"})

    assert not saved(lead.engagement).pauses_weekends


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("time_zone", "Europe/Atlantis"),
        ("country", "XX"),
        ("opens_days_before", "8"),
        ("client_name", ""),
        ("due_time", "25:00"),
        ("bands", "rainbow"),
        ("strategy_themes", "x" * 201),
    ],
)
def test_it_refuses_and_keeps_the_rest(
    client: Client, lead: Membership, field: str, typed: str
) -> None:
    answer = client.post(URL, {**TYPED, "scale": lead.engagement.scale, field: typed})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert "Everybody finds the way" in answer.content.decode()
    assert saved(lead.engagement).version == 1


def test_htmx_gets_the_form_alone(client: Client, lead: Membership) -> None:
    answer = client.post(URL, {**TYPED, "client_name": ""}, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert answer.content.decode().lstrip().startswith("<form")


def test_a_stale_edit_shows_both_versions_and_can_be_put_on_top(
    client: Client, lead: Membership
) -> None:
    form = {**TYPED, "scale": lead.engagement.scale}
    with scope(lead.engagement_id):
        update_engagement(engagement=lead.engagement, version=1, by=lead, vision="Be on time")

    answer = client.post(URL, form)

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Be" in text
    assert "Everybody finds the way" in text
    again = client.post(URL, {**form, "version": str(answer.context["form"]["version"].value())})
    assert again.status_code == 302
    assert saved(lead.engagement).vision == "Everybody finds the way"


def test_only_what_differs_is_compared(client: Client, lead: Membership) -> None:
    with scope(lead.engagement_id):
        update_engagement(
            engagement=lead.engagement, version=1, by=lead, strategy_themes=["Growth", "Trust"]
        )
    form = client.get(URL).context["form"]
    shown = {field.name: "" if field.value() is None else field.value() for field in form}
    typed = {**shown, "version": 1, "strategy_themes": "Growth\r\nTrust", "vision": "Another one"}

    answer = client.post(URL, typed)

    assert [row.label for row in answer.context["differences"]] == ["Vision"]


def test_frozen_bands_are_shown_and_not_changed(client: Client, lead: Membership) -> None:
    with scope(lead.engagement_id):
        freeze_bands(engagement=lead.engagement, on=timezone.now().date() - dt.timedelta(days=9))

    assert "Fixed since" in client.get(URL).content.decode()
    client.post(URL, {**TYPED, "scale": lead.engagement.scale})
    now = saved(lead.engagement)
    assert (now.bands, now.client_name) == ("playbook", "Northwind")


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.CHAMPION, Role.SPONSOR])
def test_members_read_them_and_change_nothing(
    client: Client, engagement: Engagement, role: str
) -> None:
    build.sign_in(client, engagement, role)

    page = client.get(URL)
    assert (page.status_code, "<input" in page.content.decode().split("<main")[1]) == (200, False)
    assert "Every week" in page.content.decode()
    assert "<dt>Pause deadlines at weekends</dt><dd>no</dd>" in (page.content.decode())
    assert client.post(URL, TYPED).status_code == 403
    assert saved(engagement).version == 1


def test_the_address_of_the_engagement_leads_to_its_home(client: Client, lead: Membership) -> None:
    page = client.get(URL).content.decode()

    assert 'Web address: <a href="/e/northwind/">/e/northwind/</a>' in page
    assert client.get("/e/northwind/").status_code == 200


def test_the_form_keeps_a_draft_until_the_answer_says_saved(
    client: Client, lead: Membership
) -> None:
    htmx, form = {"HX-Request": "true"}, {**TYPED, "scale": lead.engagement.scale}
    assert lead.user

    page = client.get(URL).content.decode()
    refused = client.post(URL, {**form, "client_name": ""}, headers=htmx)
    saved_now = client.post(URL, form, headers=htmx)

    assert f'data-draft="{lead.user.pk}:{URL}"' in page
    assert "HX-Trigger" not in refused
    assert "form-saved" in saved_now["HX-Trigger"]


def test_an_old_name_of_a_zone_stays_selectable(client: Client, db: None) -> None:
    build.sign_in(client, build.engagement(time_zone="Asia/Calcutta"))

    form = client.get(URL).context["form"]

    assert form.fields["time_zone"].valid_value("Asia/Calcutta")
    assert 'value="Asia/Calcutta" selected' in str(form["time_zone"])


def test_owners_of_workflow_and_context_are_named_and_given_back(
    client: Client, lead: Membership
) -> None:
    eve = build.member(lead.engagement, "Eve", Role.CHAMPION)
    form = {**TYPED, "scale": lead.engagement.scale, "workflow_owner": eve.public_id}

    client.post(URL, form)
    named = saved(lead.engagement)
    client.post(URL, {**form, "workflow_owner": "", "version": "2"})

    assert (named.workflow_owner_id, named.context_owner_id) == (eve.pk, None)
    assert saved(lead.engagement).workflow_owner_id is None


@pytest.mark.parametrize("of", ["viewer", "stranger", "nobody"])
def test_only_members_who_read_own_them(client: Client, lead: Membership, of: str) -> None:
    people = {
        "viewer": build.member(lead.engagement, "Vera", Role.VIEWER).public_id,
        "stranger": build.member(build.engagement("Harbor"), "Hannah").public_id,
        "nobody": "x" * 12,
    }

    answer = client.post(
        URL, {**TYPED, "scale": lead.engagement.scale, "context_owner": people[of]}
    )

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["context_owner"])


def test_members_read_who_owns_them(client: Client, engagement: Engagement) -> None:
    eve = build.member(engagement, "Eve", Role.CHAMPION)
    with scope(engagement.id):
        Engagement.objects.filter(pk=engagement.pk).update(workflow_owner=eve)
    build.sign_in(client, engagement, Role.SPONSOR)

    text = client.get(URL).text

    assert "<dt>Workflow owner</dt><dd>Eve</dd>" in text
    assert "<dt>Context owner</dt><dd>The program leads</dd>" in text


def test_the_guardrails_say_what_the_rules_hold(client: Client, lead: Membership) -> None:
    words = dict(client.get(URL).context["form"].fields["guardrails"].choices)

    for preset, held in PRESETS.items():
        assert f"{held.key_results} key results" in words[preset]
        assert str(held.company.most) in words[preset].split(" objectives")[0]


def test_it_needs_the_same_queries_for_ten_and_for_twenty(client: Client, lead: Membership) -> None:
    def ten_more() -> None:
        for _ in range(10):
            name = f"Person {uuid4().hex[:6]}"
            build.member(lead.engagement, name, Role.CHAMPION, user=None)

    ten_more()
    assert_constant_queries(lambda: client.get(URL), grow=ten_more, most=8)


@pytest.fixture
def closed(lead: Membership) -> Membership:
    with scope(lead.engagement_id):
        close_engagement(engagement=lead.engagement, by=lead)
    return lead


def is_closed(member: Membership) -> bool:
    with scope(member.engagement_id):
        return Engagement.objects.get(pk=member.engagement_id).is_closed


def test_closing_asks_first(client: Client, lead: Membership) -> None:
    page = client.get(CLOSE_URL)

    assert "Close Northwind SaaS?" in page.text
    assert not is_closed(lead)


def test_a_lead_closes_it_and_opens_it_again(client: Client, lead: Membership) -> None:
    shut = client.post(CLOSE_URL, follow=True)
    assert is_closed(lead)
    assert "Reopen engagement" in shut.text
    assert "Closed by Lead." in shut.text

    again = client.post(REOPEN_URL, follow=True)
    assert not is_closed(lead)
    assert "Northwind SaaS has been reopened." in again.text


def test_nothing_in_it_is_changed_and_all_is_read(client: Client, closed: Membership) -> None:
    cycle = build.cycle(closed.engagement)
    key_result = build.live_key_result(build.objective(closed, cycle))
    here = "/e/northwind/"
    pages = [
        client.get(f"{here}{path}")
        for path in (
            "",
            "board/",
            "cycles/",
            f"cycles/{cycle.public_id}/",
            f"key-results/{key_result.public_id}/",
            "status/",
            "members/",
            "teams/",
            "settings/",
            "reminders/",
            "decisions/",
        )
    ]

    assert {page.status_code for page in pages} == {200}
    assert all("<strong>Closed on " in page.text for page in pages)
    for path in ("settings/", "cycles/new/", f"key-results/{key_result.public_id}/check-in/"):
        answer = client.post(f"{here}{path}", {})
        assert (answer.status_code, "Northwind SaaS is closed." in answer.text) == (403, True)


@pytest.mark.parametrize("path", ["cycles/new/", "teams/new/", "metrics/new/", "reviews/new/"])
def test_no_form_is_shown_that_would_be_refused(
    client: Client, closed: Membership, path: str
) -> None:
    answer = client.get(f"/e/northwind/{path}")

    assert (answer.status_code, "Northwind SaaS is closed." in answer.text) == (403, True)


def test_a_page_that_was_open_before_is_reloaded(client: Client, closed: Membership) -> None:
    key_result = build.live_key_result(build.objective(closed, build.cycle(closed.engagement)))

    answer = client.post(URL, {}, headers={"HX-Request": "true"})
    page = client.get(f"/e/northwind/key-results/{key_result.public_id}/").text

    assert answer["HX-Refresh"] == "true"
    assert "Check in" not in page.split("<main")[1].split("</main>")[0]


def test_its_people_and_links_are_still_looked_after(client: Client, closed: Membership) -> None:
    bob = build.member(closed.engagement, "Bob", Role.CONTRIBUTOR)
    link = build.share(closed)

    several = {"people": "ana@x.test, ben@x.test", "role": "viewer"}
    invited = client.post("/e/northwind/members/invite-several/", several)
    waiting = client.post("/e/northwind/members/invite-waiting/")
    removed = client.post(f"/e/northwind/members/{bob.public_id}/remove/")
    revoked = client.post(f"/e/northwind/share-links/{link.public_id}/revoke/")

    answers = (invited, waiting, removed, revoked)
    assert [answer.status_code for answer in answers] == [302] * 4


@pytest.mark.parametrize(
    ("role", "path", "still"),
    [
        (Role.LEAD, "", False),
        (Role.LEAD, "teams/", False),
        (Role.LEAD, "members/", True),
        (Role.LEAD, "members/invite-several/", True),
        (Role.LEAD, "share-links/", True),
        (Role.CHAMPION, "members/", False),
    ],
)
def test_the_banner_names_what_this_member_can_still_change(
    client: Client, closed: Membership, role: str, path: str, still: bool
) -> None:
    if role != Role.LEAD:
        build.sign_in(client, closed.engagement, role)

    text = client.get(f"/e/northwind/{path}").text

    few = "Only members and share links can be changed. Everything else is read-only."
    none = "Everything stays readable, but nothing can be changed."
    assert (few in text, none in text) == (still, not still)


def test_it_leaves_my_week_and_stays_in_the_profile(client: Client, closed: Membership) -> None:
    week, profile = client.get("/").text, client.get("/profile/").text

    assert "Northwind SaaS" not in week
    assert "All your engagements are closed." in week
    assert '<a href="/e/northwind/">Northwind SaaS</a>' in profile
    assert "Closed on " in profile


def test_the_others_stay_on_my_week(client: Client, closed: Membership) -> None:
    build.member(build.engagement("Harbor"), "Lead", user=closed.user)

    week = client.get("/").text

    assert "Harbor" in week
    assert "Northwind SaaS" not in week


def test_its_lead_creates_the_next_one(client: Client, closed: Membership) -> None:
    build.user("Someone else")

    assert client.get(CREATE_URL).status_code == 200


def test_its_viewers_go_on_reading_its_status_page(client: Client, closed: Membership) -> None:
    build.sign_in(client, closed.engagement, Role.VIEWER)

    answer = client.get("/")

    assert answer["Location"] == "/e/northwind/status/"
    assert client.get("/e/northwind/status/").status_code == 200
