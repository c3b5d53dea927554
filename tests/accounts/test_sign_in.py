from __future__ import annotations

import datetime as dt
import re

import pytest
import redis
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.commands import disable_user
from accounts.models import User, is_quiet
from mail.delivery import Delivered, deliver_due
from mail.models import OutboxMessage, Priority
from tests import build
from tests.accounts.signing_in import (
    CODE,
    CONFIRM,
    LOGIN,
    RESET,
    SESSION,
    code_for,
    is_signed_in,
    mailed,
    typed,
)
from tests.build import PASSWORD
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]
NEW = {"password1": "another-long-password", "password2": "another-long-password"}


@pytest.mark.parametrize(
    ("asked_for", "leads_to"),
    [
        ("", "/"),
        ("/profile/", "/profile/"),
        ("https://evil.test/", "/"),
        ("//evil.test/", "/"),
        ("/\\evil.test/", "/"),
        ("javascript:alert(1)", "/"),
        ("http:evil.test", "/"),
    ],
)
def test_a_password_signs_in_and_leads_on_inside_the_site(
    client: Client, alice: User, asked_for: str, leads_to: str
) -> None:
    answer = client.post(LOGIN, {**typed("ALICE@example.test"), "next": asked_for})

    assert (answer.status_code, answer["Location"]) == (302, leads_to)
    assert is_signed_in(client)


INVISIBLE = [
    "alice@example.test\u200b",
    "\u00a0Alice@\u00adexample.test\u00a0",
    "\ufeffalice@example.test",
]


@pytest.mark.parametrize("address", INVISIBLE)
def test_invisible_characters_in_the_address_do_not_matter(
    client: Client, alice: User, address: str
) -> None:
    client.post(LOGIN, typed(address))
    assert is_signed_in(client)

    client.logout()
    client.post(CODE, {"email": address})
    client.post(CONFIRM, {"code": f"\u200b{code_for(alice)}\u00a0"})
    assert is_signed_in(client)


def test_a_wrong_password_and_an_unknown_address_read_the_same(client: Client, alice: User) -> None:
    wrong = client.post(LOGIN, typed(password="not-the-password"))
    unknown = client.post(LOGIN, typed("nobody@example.test"))

    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert not is_signed_in(client)


def test_an_unknown_address_gets_the_same_answers_and_no_mail(
    client: Client, committed: str, mail_server: MailServer
) -> None:
    alice = build.user("Alice")
    for path in (CODE, RESET):
        known = Client().post(path, {"email": alice.email}, follow=True)
        unknown = Client().post(path, {"email": "alicf@example.test"}, follow=True)
        assert known.redirect_chain == unknown.redirect_chain
        said = [answer.content.decode().split("<main")[1] for answer in (known, unknown)]
        assert without_tokens(said[0]) == without_tokens(said[1].replace("alicf", "alice"))

    assert deliver_due() == Delivered(sent=2, cancelled=2)
    assert set(mail_server.recipients) == {alice.email}
    assert not OutboxMessage.objects.using("sweep").exclude(payload={}).exists()


def without_tokens(text: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_a_link_resets_the_password_and_ends_other_sessions(client: Client, alice: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(alice)
    client.post(RESET, {"email": alice.email})
    link = mailed(alice)["context"]["password_reset_url"]

    form = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    client.post(form.redirect_chain[-1][0], NEW)

    assert not is_signed_in(elsewhere)
    client.post(LOGIN, typed(password="another-long-password"))
    assert is_signed_in(client)


def test_a_disabled_person_is_out_with_the_next_request_and_does_not_come_back(
    client: Client, alice: User
) -> None:
    client.post(LOGIN, typed())
    assert is_signed_in(client)

    disable_user(user=alice)

    assert client.get("/profile/")["Location"].startswith(LOGIN)
    client.post(LOGIN, typed())
    assert not is_signed_in(client)
    client.post(CODE, {"email": alice.email})
    assert mailed(alice)["context"] == {}


@pytest.mark.parametrize(
    "path",
    ["signup/", "email/", "confirm-email/", "confirm-email/x/", "reauthenticate/", "3rdparty/"],
)
def test_what_is_not_offered_does_not_exist(client: Client, alice: User, path: str) -> None:
    for visitor in (client, Client()):
        assert visitor.get(f"/accounts/{path}").status_code == 404
        client.force_login(alice)


def test_looking_at_sign_out_does_not_sign_out(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.get("/accounts/logout/")
    assert is_signed_in(client)

    client.post("/accounts/logout/")
    assert not is_signed_in(client)


def test_a_changed_password_leads_back_to_the_profile(client: Client, alice: User) -> None:
    client.force_login(alice)

    answer = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **NEW})

    assert answer["Location"] == "/profile/"
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("stood_on", "back"),
    [
        ("http://testserver/e/northwind/members/?sort=name", "/e/northwind/members/%3Fsort%3Dname"),
        ("https://evil.test/e/northwind/", "/"),
        ("", "/"),
    ],
)
@pytest.mark.parametrize("is_fragment", [True, False])
@pytest.mark.django_db
def test_a_form_sent_after_sign_out_leads_to_sign_in_and_back_to_its_page(
    client: Client, is_fragment: bool, stood_on: str, back: str
) -> None:
    htmx = {"HX-Request": "true", "HX-Current-URL": stood_on}

    answer = client.post(
        "/e/northwind/members/invite/", headers=htmx if is_fragment else {"Referer": stood_on}
    )

    assert answer["HX-Redirect" if is_fragment else "Location"] == f"{LOGIN}?next={back}&expired=1"
    assert (answer["Cache-Control"], answer.content) == ("no-store", b"")
    assert "HX-Request" in answer["Vary"]


def test_an_expired_sign_in_is_said_and_a_first_visit_is_not(client: Client, db: None) -> None:
    first = client.get("/profile/", follow=True).content.decode()
    client.cookies[SESSION] = "one-that-ran-out"
    expired = client.get("/profile/", follow=True).content.decode()

    assert "Sign in to continue." not in first
    assert "Sign in to continue." in expired


def test_a_code_signs_in_without_a_password_to_a_new_session(client: Client, db: None) -> None:
    bob = User.objects.create_user(email="bob@example.test", name="Bob")

    assert client.post(CODE, {"email": bob.email})["Location"] == CONFIRM
    before = client.cookies[SESSION].value  # a session before anybody is signed in
    answer = client.post(CONFIRM, {"code": code_for(bob), "next": "/profile/"})

    assert answer["Location"] == "/profile/"
    assert is_signed_in(client)
    assert "" != before != client.cookies[SESSION].value


@pytest.mark.parametrize("end", ["used", "301 seconds old", "three wrong codes", "disabled"])
def test_a_code_works_once_within_five_minutes(client: Client, alice: User, end: str) -> None:
    client.post(CODE, {"email": alice.email})
    code, now = code_for(alice), timezone.now()
    match end:
        case "used":
            client.post(CONFIRM, {"code": code})
            client.post("/accounts/logout/")
        case "301 seconds old":
            now += dt.timedelta(seconds=301)
        case "three wrong codes":
            for _ in range(3):
                client.post(CONFIRM, {"code": "000000"})
        case "disabled":
            disable_user(user=alice)

    with time_machine.travel(now):
        client.post(CONFIRM, {"code": code})
        assert not is_signed_in(client)


def test_a_sent_code_is_forgotten(client: Client, committed: str, mail_server: MailServer) -> None:
    build.user("Alice")
    client.post(CODE, {"email": "alice@example.test"})

    assert deliver_due() == Delivered(sent=1)

    (mail,) = mail_server.messages
    assert (mail["To"], mail["Subject"]) == ("alice@example.test", "Your sign-in code")
    code = re.search(r"^    (\S+)", text_of(mail), re.MULTILINE)
    assert code
    client.post(CONFIRM, {"code": code[1]})
    assert is_signed_in(client)
    message = OutboxMessage.objects.using("sweep").get()
    assert (message.payload, message.priority) == ({}, Priority.AWAITED)


def test_no_ended_code_is_mailed(client: Client, committed: str, mail_server: MailServer) -> None:
    build.user("Alice")
    client.post(CODE, {"email": "alice@example.test"})

    with time_machine.travel(timezone.now() + dt.timedelta(minutes=6)):
        assert deliver_due() == Delivered(cancelled=1)

    assert mail_server.messages == []
    assert OutboxMessage.objects.using("sweep").get().payload == {}


def clock(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


@pytest.mark.parametrize(
    ("since", "until", "at", "quiet"),
    [
        ("20:00", "07:00", "19:59", False),
        ("20:00", "07:00", "20:00", True),
        ("20:00", "07:00", "23:59", True),
        ("20:00", "07:00", "00:00", True),
        ("20:00", "07:00", "06:59", True),
        ("20:00", "07:00", "07:00", False),
        ("12:00", "14:00", "13:00", True),
        ("12:00", "14:00", "14:00", False),
        ("12:00", "14:00", "20:00", False),
        ("00:00", "08:00", "00:00", True),
        ("20:00", "00:00", "23:00", True),
        ("20:00", "00:00", "00:00", False),
        ("09:00", "09:00", "09:00", False),
    ],
)
def test_the_last_minute_is_not_quiet(since: str, until: str, at: str, quiet: bool) -> None:
    assert is_quiet(clock(at), since=clock(since), until=clock(until)) is quiet


def without_cache(settings: Settings) -> None:
    backend = settings.CACHES["default"]["BACKEND"]
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}


@pytest.mark.django_db
def test_people_stay_signed_in_while_the_cache_is_away(client: Client, settings: Settings) -> None:
    build.sign_in(client, build.engagement())
    without_cache(settings)

    assert client.get("/profile/").status_code == 200


@pytest.mark.django_db
def test_nobody_is_signed_in_by_a_cache_that_is_away(client: Client, settings: Settings) -> None:
    without_cache(settings)
    client.cookies[settings.SESSION_COOKIE_NAME] = "0" * 32

    assert client.get("/profile/").status_code == 302


@pytest.mark.django_db
def test_a_sign_out_that_fails_is_not_confirmed(client: Client, settings: Settings) -> None:
    build.sign_in(client, build.engagement())
    without_cache(settings)

    with pytest.raises(redis.ConnectionError):
        client.post("/accounts/logout/")
