"""The profile, and the link that turns off emails."""

from __future__ import annotations

import datetime as dt
from zoneinfo import available_timezones

import pytest
import time_machine
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse

from accounts.commands import disable_user
from accounts.models import User
from engagements.models import Membership, Role
from notifications.emails import masked, stop_link, token_of, user_of
from tenancy.scoping import scope
from tests import build
from tests.accounts.signing_in import is_signed_in
from tests.build import PASSWORD
from tests.query_counts import queries_of

pytestmark = pytest.mark.django_db

URL = "/profile/"
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


def test_it_is_saved_and_shown_at_once(client: Client) -> None:
    lead = build.sign_in(client, build.engagement())

    answer = client.post(URL, TYPED, follow=True)

    assert answer.redirect_chain == [(URL, 302)]
    assert 'data-theme="dark"' in answer.content.decode()
    with scope(lead.engagement_id):
        assert Membership.objects.get().name == "Alice Stone"


def test_shortcuts_can_be_switched_off(client: Client) -> None:
    build.sign_in(client, build.engagement())

    client.post(URL, {name: value for name, value in TYPED.items() if name != "shortcuts"})

    assert 'data-keys="off"' in client.get(URL).content.decode()


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
def test_a_bad_form_changes_nothing(client: Client, field: str, typed: str) -> None:
    build.sign_in(client, build.engagement())

    answer = client.post(URL, {**TYPED, field: typed})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert User.objects.get().time_zone == "Europe/Berlin"


def test_when_one_is_told_is_saved(client: Client) -> None:
    build.sign_in(client, build.engagement())

    client.post(URL, TYPED)

    user = User.objects.get()
    times = (user.message_at, user.quiet_from, user.quiet_until)
    assert times == (dt.time(8, 30), dt.time(21), dt.time(6, 30))
    assert (user.wants_reminders, user.wants_digests) == (True, True)


@pytest.mark.parametrize("switch", ["wants_reminders", "wants_digests"])
def test_each_kind_of_mail_is_switched_off_by_itself(client: Client, switch: str) -> None:
    build.sign_in(client, build.engagement())

    client.post(URL, {name: value for name, value in TYPED.items() if name != switch})

    user = User.objects.get()
    both = {"wants_reminders": user.wants_reminders, "wants_digests": user.wants_digests}
    assert [name for name, wanted in both.items() if not wanted] == [switch]


@pytest.mark.parametrize(
    ("quiet_from", "quiet_until"), [("20:00", "09:00"), ("08:00", "12:00"), ("08:30", "08:31")]
)
def test_the_mail_of_the_day_cannot_fall_into_the_quiet_hours(
    client: Client, quiet_from: str, quiet_until: str
) -> None:
    build.sign_in(client, build.engagement())

    answer = client.post(URL, {**TYPED, "quiet_from": quiet_from, "quiet_until": quiet_until})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["message_at"])
    text = answer.content.decode()
    assert f"08:30 is in your quiet hours, {quiet_from} to {quiet_until}." in text
    assert f'value="{quiet_from}"' in text
    assert User.objects.get().quiet_from == dt.time(20)


def test_the_same_time_twice_means_no_quiet_hours(client: Client) -> None:
    build.sign_in(client, build.engagement())

    answer = client.post(URL, {**TYPED, "quiet_from": "08:30", "quiet_until": "08:30"})

    assert answer.status_code == 302


def test_the_page_says_what_cannot_be_switched_off(client: Client) -> None:
    build.sign_in(client, build.engagement())

    text = client.get(URL).content.decode()

    assert "Reminders and digests never come at weekends." in text
    assert "Escalations and decisions on them come at once" in text


@pytest.mark.parametrize("field", ["message_at", "quiet_from", "quiet_until"])
@pytest.mark.parametrize("typed", ["", "soon"])
def test_a_time_that_is_missing_says_how_to_mend_it(client: Client, field: str, typed: str) -> None:
    build.sign_in(client, build.engagement())

    text = client.post(URL, {**TYPED, field: typed}).content.decode()

    assert "Enter a time, for example 09:00." in text
    assert 'role="alert" tabindex="-1" autofocus>' in text


def test_the_rule_of_the_quiet_hours_stands_beside_the_field(client: Client) -> None:
    build.sign_in(client, build.engagement())

    assert (
        "for all your clients. Choose a time outside your quiet hours."
        in client.get(URL).content.decode()
    )


def test_whoever_only_views_is_not_asked_what_to_be_told(client: Client) -> None:
    viewer = build.sign_in(client, build.engagement(), Role.VIEWER)

    text = client.get(URL).content.decode()
    answer = client.post(URL, {"name": "Vera", "time_zone": "Asia/Tokyo", "theme": "dark"})

    assert "You only read status pages, so you get no reminders." in text
    assert 'name="wants_reminders"' not in text
    assert 'name="message_at"' not in text
    assert viewer.user is not None
    viewer.user.refresh_from_db()
    assert (answer.status_code, viewer.user.wants_reminders) == (302, True)


def test_somebody_without_an_engagement_has_a_profile_too(client: Client) -> None:
    client.force_login(build.user("Alice"))

    assert "not in any engagement" in client.get(URL).content.decode()


def test_it_links_to_the_engagements_that_one_may_read(client: Client) -> None:
    lead = build.sign_in(client, build.engagement())
    build.member(build.engagement("Harbor"), role=Role.VIEWER, user=lead.user)

    text = client.get(URL).content.decode()

    assert '<a href="/e/northwind/">Northwind SaaS</a>' in text
    assert '<a href="/e/harbor/status/">Harbor</a>' in text
    assert '"/e/harbor/"' not in text


def test_pages_carry_the_zone_in_which_they_tell_the_time(client: Client) -> None:
    build.sign_in(client, build.engagement())

    assert 'data-zone="Europe/Berlin"' in client.get(URL).content.decode()


def test_every_zone_it_offers_exists_and_has_one_name(client: Client) -> None:
    build.sign_in(client, build.engagement())
    groups = client.get(URL).context["form"].fields["time_zone"].choices

    zones = [zone for _, zones in groups for zone, _ in zones]
    assert {"Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC"} <= set(zones)
    assert set(zones) <= available_timezones()
    assert not {"Asia/Calcutta", "Europe/Kiev", "America/Knox_IN", "Australia/LHI"} & set(zones)


def test_visitors_are_asked_to_sign_in(client: Client) -> None:
    assert client.get(URL)["Location"] == f"/accounts/login/?next={URL}"


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ("2026-03-09T07:00Z", "Monday 9 March at 08:30"),  # 08:00 in Berlin
        ("2026-03-09T08:00Z", "Tuesday 10 March at 08:30"),
        ("2026-03-13T08:00Z", "Monday 16 March at 08:30"),  # a Friday, past the hour
        ("2026-03-27T08:00Z", "Monday 30 March at 08:30"),  # summer time begins in between
    ],
)
def test_it_says_when_the_next_mail_comes(client: Client, now: str, says: str) -> None:
    member = build.sign_in(client, build.engagement())
    assert member.user is not None
    member.user.message_at = dt.time(8, 30)
    member.user.save()

    with time_machine.travel(dt.datetime.fromisoformat(now), tick=False):
        client.force_login(member.user)
        text = " ".join(client.get(URL).text.split())
    text = text.replace("<strong>", "").replace("</strong>", "")

    assert f"Your next email comes on {says}" in text
    assert "It goes to lead@example.test." in text


def test_an_hour_in_the_quiet_ones_waits_for_their_end(client: Client) -> None:
    member = build.sign_in(client, build.engagement())
    assert member.user is not None
    member.user.message_at = dt.time(6)  # before the quiet hours end, at seven
    member.user.save()

    with time_machine.travel(dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC), tick=False):
        client.force_login(member.user)
        assert "Monday 9 March at 07:00" in client.get(URL).text


def test_what_is_saved_says_it_not_what_was_refused(client: Client) -> None:
    build.sign_in(client, build.engagement())

    text = client.post(URL, {**TYPED, "name": "", "message_at": "11:11"}).text

    assert "at 09:00</strong>" in text


def test_it_lists_the_keys_and_leads_to_the_mails_of_each_client(client: Client) -> None:
    build.sign_in(client, build.engagement())

    text = client.get(URL).text

    assert '<a class="meta" href="/e/northwind/reminders/">' in text
    assert text.count("check in on this card") == 2  # here and behind the ? of every page


END = "/profile/sessions/end/"


def test_every_other_browser_is_signed_out_and_this_one_is_not(db: None, client: Client) -> None:
    alice, other, stranger = build.user("Alice"), Client(), Client()
    client.force_login(alice)
    other.force_login(alice)
    stranger.force_login(build.user("Bob"))

    answer = client.post(END, follow=True)

    assert "Signed out everywhere else." in answer.text
    assert [is_signed_in(one) for one in (client, other, stranger)] == [True, False, True]


def test_one_signs_in_again_and_can_do_so_twice(db: None, client: Client) -> None:
    client.force_login(build.user("Alice"))
    client.post(END)
    client.post(END)
    again = Client()

    assert again.login(email="alice@example.test", password=PASSWORD)
    assert is_signed_in(again)
    assert is_signed_in(client)


def test_it_is_no_link(db: None, client: Client) -> None:
    client.force_login(build.user("Alice"))

    assert client.get(END).status_code == 405


pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return build.user("Alice")


@pytest.fixture
def url(alice: User) -> str:
    return reverse("notifications:notices-stop", args=[token_of(alice.pk)])


def wants(user: User) -> tuple[bool, bool]:
    user.refresh_from_db()
    return user.wants_reminders, user.wants_digests


def test_the_page_says_whose_mails_and_what_stops(client: Client, url: str) -> None:
    text = client.get(url).content.decode()

    assert "Stop reminders and digests to a…@example.test?" in text
    assert "Stop these emails" in text
    assert "You still get escalations and decisions on them" in text


def test_looking_writes_nothing(client: Client, url: str, alice: User) -> None:
    sent = queries_of(lambda: client.get(url))

    assert wants(alice) == (True, True)
    assert [sql for sql in sent if not sql.startswith("SELECT")] == []


def test_the_button_stops_both_without_sign_in(client: Client, url: str, alice: User) -> None:
    answer = client.post(url)

    assert answer.status_code == 200
    assert "Turn them on again" in answer.content.decode()
    assert wants(alice) == (False, False)


def test_the_same_page_switches_them_on_again(client: Client, url: str, alice: User) -> None:
    client.post(url)

    answer = client.post(url, {"again": "on"})

    assert answer.status_code == 200
    assert "to a…@example.test are on again." in answer.content.decode()
    assert wants(alice) == (True, True)


def test_it_names_all_that_stops_and_what_does_not(client: Client, url: str) -> None:
    for answer in (client.get(url), client.post(url)):
        text = answer.content.decode()

        assert "the Friday email, missed check-ins, and updates on escalations" in text
        assert "Program leads still hear about emails that could not be delivered." in text


def test_a_mail_program_stops_them_with_one_click_and_no_cookie(url: str, alice: User) -> None:
    program = Client(enforce_csrf_checks=True)

    answer = program.post(url, {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, answer.cookies.output()) == (200, "")
    assert wants(alice) == (False, False)


def test_stopping_twice_is_no_error(client: Client, url: str, alice: User) -> None:
    client.post(url)

    assert client.post(url).status_code == 200
    assert "are off." in client.get(url).content.decode()
    assert wants(alice) == (False, False)


def test_somebody_elses_sign_in_changes_nothing_about_whom_it_stops(
    client: Client, url: str, alice: User
) -> None:
    bob = build.user("Bob")
    client.force_login(bob)

    client.post(url)

    assert (wants(alice), wants(bob)) == ((False, False), (True, True))


@pytest.mark.parametrize("method", ["get", "post"])
def test_links_that_lead_nowhere_get_one_answer(
    client: Client, url: str, alice: User, method: str
) -> None:
    made_up = getattr(client, method)("/notices/stop/never-given-out/")
    other_person = getattr(client, method)(url.replace(f"/{alice.pk}.", f"/{alice.pk + 1}."))
    disable_user(user=alice)
    closed = getattr(client, method)(url)

    assert {answer.status_code for answer in (made_up, other_person, closed)} == {404}
    assert len({answer.content for answer in (made_up, other_person, closed)}) == 1
    assert wants(alice) == (True, True)


def test_the_address_stays_out_of_other_sites_logs_and_of_search_engines(
    client: Client, url: str
) -> None:
    for answer in (client.get(url), client.post(url), client.get("/notices/stop/made-up/")):
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Cache-Control"] == "no-store"


pytestmark = pytest.mark.django_db


def test_a_token_leads_to_its_person_and_to_nobody_else() -> None:
    alice, bob = build.user("Alice"), build.user("Bob")

    assert (user_of(token_of(alice.pk)), user_of(token_of(bob.pk))) == (alice, bob)


@pytest.mark.parametrize("made_up", ["", "1", "1.", ".", "a.b", "1.AAAA", "nobody"])
def test_a_made_up_token_leads_nowhere(made_up: str) -> None:
    build.user("Alice")

    assert user_of(made_up) is None


def test_the_person_in_a_token_cannot_be_exchanged() -> None:
    alice, bob = build.user("Alice"), build.user("Bob")

    signature = token_of(alice.pk).partition(".")[2]

    assert user_of(f"{bob.pk}.{signature}") is None


def test_what_was_signed_for_something_else_is_no_token() -> None:
    alice = build.user("Alice")

    assert user_of(Signer(salt="another", sep=".").sign(str(alice.pk))) is None


def test_a_closed_account_is_not_found() -> None:
    alice = build.user("Alice")
    disable_user(user=alice)

    assert user_of(token_of(alice.pk)) is None


def test_the_link_is_a_whole_address() -> None:
    alice = build.user("Alice")

    assert stop_link(alice.pk).endswith(f"/notices/stop/{token_of(alice.pk)}/")
    assert stop_link(alice.pk).startswith("http")


def test_an_address_is_masked_so_that_its_owner_knows_it() -> None:
    assert masked("dana.whitlock@northwind.test") == "d…@northwind.test"
