from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.commands import disable_user
from accounts.models import User
from notifications.emails import token_of
from tests import build
from tests.query_counts import queries_of

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
