"""The profile, and the link that turns off emails."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse

from accounts.commands import disable_user
from accounts.models import User
from engagements.models import Membership, Role
from notifications.emails import token_of, user_of
from tenancy.scoping import scope
from tests import build
from tests.accounts.signing_in import is_signed_in
from tests.build import PASSWORD
from tests.query_counts import queries_of

pytestmark = pytest.mark.django_db

URL = "/profile/"
BERLIN = ZoneInfo("Europe/Berlin")
SESSIONS_END = "/profile/sessions/end/"
TYPED = {
    "name": "Alice Stone",
    "time_zone": "Asia/Tokyo",
    "theme": "dark",
    "shortcuts": "on",
    "message_at": "08:30",
    "quiet_from": "21:00",
    "quiet_until": "06:30",
    "wants_reminders": "on",
    "wants_digests": "on",
}
SWITCHES = ("shortcuts", "wants_reminders", "wants_digests")


@pytest.fixture
def lead(client: Client) -> Membership:
    return build.sign_in(client, build.engagement())


def test_a_profile_is_saved_and_used_at_once(client: Client, lead: Membership) -> None:
    answer = client.post(URL, TYPED, follow=True)

    assert answer.redirect_chain == [(URL, 302)]
    assert 'data-theme="dark"' in answer.text
    assert 'data-zone="Asia/Tokyo"' in answer.text
    user = User.objects.get()
    times = (user.message_at, user.quiet_from, user.quiet_until)
    assert times == (dt.time(8, 30), dt.time(21), dt.time(6, 30))
    assert all(getattr(user, name) for name in SWITCHES)
    with scope(lead.engagement_id):
        assert Membership.objects.get().name == "Alice Stone"


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_is_turned_off_by_itself(client: Client, lead: Membership, switch: str) -> None:
    client.post(URL, {name: value for name, value in TYPED.items() if name != switch})

    user = User.objects.get()
    assert [name for name in SWITCHES if not getattr(user, name)] == [switch]
    assert ('data-keys="off"' in client.get(URL).text) == (switch == "shortcuts")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("time_zone", "Mars/Olympus"),
        ("theme", "pink"),
        ("message_at", ""),
        ("quiet_from", "25:00"),
        ("quiet_until", "soon"),
    ],
)
def test_bad_forms_change_nothing(client: Client, lead: Membership, field: str, typed: str) -> None:
    answer = client.post(URL, {**TYPED, field: typed})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert User.objects.get().time_zone == "Europe/Berlin"
    # The page says when the next email comes: at the saved hour, not at the one that was typed.
    assert answer.context["next_mail_at"].astimezone(BERLIN).time() == dt.time(9)


@pytest.mark.parametrize(
    ("quiet_from", "quiet_until", "fits"),
    [
        ("20:00", "09:00", False),
        ("08:00", "12:00", False),
        ("08:30", "08:31", False),
        ("08:30", "08:30", True),  # no quiet hours
    ],
)
def test_the_email_of_the_day_cannot_fall_into_the_quiet_hours(
    client: Client, lead: Membership, quiet_from: str, quiet_until: str, fits: bool
) -> None:
    typed = {**TYPED, "quiet_from": quiet_from, "quiet_until": quiet_until}

    answer = client.post(URL, typed)

    if fits:
        assert answer.status_code == 302
    else:
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["message_at"])
        assert f'value="{quiet_from}"' in answer.text
        assert User.objects.get().quiet_from == dt.time(20)


def test_viewers_are_not_asked_about_reminders(client: Client) -> None:
    viewer = build.sign_in(client, build.engagement(), Role.VIEWER)

    fields = client.get(URL).context["form"].fields
    answer = client.post(URL, {"name": "Vera", "time_zone": "Asia/Tokyo", "theme": "dark"})

    assert not {"wants_reminders", "message_at"} & set(fields)
    assert viewer.user is not None
    viewer.user.refresh_from_db()
    assert (answer.status_code, viewer.user.wants_reminders) == (302, True)


def test_it_links_to_the_pages_that_one_may_read(client: Client, lead: Membership) -> None:
    build.member(build.engagement("Harbor"), role=Role.VIEWER, user=lead.user)

    text = client.get(URL).text

    assert '<a href="/e/northwind/">Northwind SaaS</a>' in text
    assert '<a href="/e/harbor/status/">Harbor</a>' in text
    assert '"/e/harbor/"' not in text


def test_every_zone_it_offers_exists_and_has_one_name(client: Client, lead: Membership) -> None:
    groups = client.get(URL).context["form"].fields["time_zone"].choices

    zones = {zone for _, zones in groups for zone, _ in zones}
    assert {"Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC"} <= zones
    assert zones <= available_timezones()
    assert not {"Asia/Calcutta", "Europe/Kiev", "America/Knox_IN", "Australia/LHI"} & zones


def test_every_other_browser_is_signed_out_and_can_sign_in_again(client: Client) -> None:
    alice, other, stranger = build.user("Alice"), Client(), Client()
    client.force_login(alice)
    other.force_login(alice)
    stranger.force_login(build.user("Bob"))

    for _ in range(2):
        client.post(SESSIONS_END)
        assert [is_signed_in(one) for one in (client, other, stranger)] == [True, False, True]

    assert other.login(email="alice@example.test", password=PASSWORD)
    assert is_signed_in(other)


@pytest.fixture
def alice() -> User:
    return build.user("Alice")


@pytest.fixture
def stop_url(alice: User) -> str:
    return reverse("notifications:notices-stop", args=[token_of(alice.pk)])


def wants(user: User) -> tuple[bool, bool]:
    user.refresh_from_db()
    return user.wants_reminders, user.wants_digests


def test_opening_the_link_writes_nothing(client: Client, stop_url: str, alice: User) -> None:
    sent = queries_of(lambda: client.get(stop_url))

    assert wants(alice) == (True, True)
    assert [sql for sql in sent if not sql.startswith("SELECT")] == []
    assert "a…@example.test" in client.get(stop_url).text


def test_emails_stop_and_resume_without_sign_in(client: Client, stop_url: str, alice: User) -> None:
    for typed, expected in (({}, False), ({}, False), ({"again": "on"}, True)):
        assert client.post(stop_url, typed).status_code == 200
        assert wants(alice) == (expected, expected)


def test_an_email_program_stops_them_by_one_click_and_no_cookie(stop_url: str, alice: User) -> None:
    program = Client(enforce_csrf_checks=True)

    answer = program.post(stop_url, {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, answer.cookies.output()) == (200, "")
    assert wants(alice) == (False, False)


def test_it_stops_its_person_whoever_signed_in(client: Client, stop_url: str, alice: User) -> None:
    bob = build.user("Bob")
    client.force_login(bob)

    client.post(stop_url)

    assert (wants(alice), wants(bob)) == ((False, False), (True, True))


@pytest.mark.parametrize("method", ["get", "post"])
def test_dead_links_get_one_answer(client: Client, stop_url: str, alice: User, method: str) -> None:
    made_up = getattr(client, method)("/notices/stop/never-given-out/")
    other_person = getattr(client, method)(stop_url.replace(f"/{alice.pk}.", f"/{alice.pk + 1}."))
    disable_user(user=alice)
    closed = getattr(client, method)(stop_url)

    assert {answer.status_code for answer in (made_up, other_person, closed)} == {404}
    assert len({answer.content for answer in (made_up, other_person, closed)}) == 1
    assert wants(alice) == (True, True)


def test_the_address_stays_out_of_logs_and_search_engines(client: Client, stop_url: str) -> None:
    for answer in (client.get(stop_url), client.post(stop_url), client.get("/notices/stop/no/")):
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Cache-Control"] == "no-store"


def test_a_token_leads_to_its_person_alone() -> None:
    alice, bob = build.user("Alice"), build.user("Bob")
    signature = token_of(alice.pk).partition(".")[2]
    forged = f"{bob.pk}.{signature}"
    of_another_kind = Signer(salt="another", sep=".").sign(str(alice.pk))

    assert (user_of(token_of(alice.pk)), user_of(token_of(bob.pk))) == (alice, bob)
    for token in ("", "1", "1.", ".", "a.b", "1.AAAA", "nobody", forged, of_another_kind):
        assert user_of(token) is None, token
