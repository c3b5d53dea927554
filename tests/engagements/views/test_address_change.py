from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.addresses import VALID_FOR, link_to
from accounts.models import User
from tests import build
from tests.accounts.signing_in import mailed
from tests.build import PASSWORD

URL = "/profile/address/"
NEW = "alice@new.test"


@pytest.fixture
def alice(db: None, client: Client) -> User:
    user = build.user("Alice")
    client.force_login(user)
    return user


def path(user: User, new: str = NEW) -> str:
    return link_to(user, new=new).removeprefix("http://localhost:8000")


def test_asking_changes_nothing_yet_and_says_where_the_mail_is(client: Client, alice: User) -> None:
    answer = client.post(URL, {"email": NEW, "password": PASSWORD}, follow=True)

    assert "We’ve emailed a link to alice@new.test." in answer.text
    profile = client.get("/profile/").text
    assert "To change it to alice@new.test, sign in and follow the link" in profile
    assert f'Wrong address? <a href="{URL}">Request a new link</a>' in profile
    alice.refresh_from_db()
    assert alice.email == "alice@example.test"


def test_an_address_waits_until_it_is_theirs_or_a_day_is_over(client: Client, alice: User) -> None:
    client.post(URL, {"email": NEW, "password": PASSWORD})
    with time_machine.travel(timezone.now() + VALID_FOR, tick=False):
        assert "follow the link" not in client.get("/profile/").text

    client.post(path(alice))
    assert "follow the link" not in client.get("/profile/").text


def test_no_address_waits_whose_link_died_with_the_old_one(client: Client, alice: User) -> None:
    client.post(URL, {"email": NEW, "password": PASSWORD})
    User.objects.filter(pk=alice.pk).update(email="alice@elsewhere.test")

    assert "follow the link" not in client.get("/profile/").text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": "alice@", "password": PASSWORD}, "email"),
        ({"email": build.LONG_ADDRESS, "password": PASSWORD}, "email"),
        ({"email": "alice@example.test", "password": PASSWORD}, "email"),
        ({"email": NEW, "password": "a-wrong-password"}, "password"),
        ({"email": NEW}, "password"),
    ],
)
def test_it_refuses_at_the_field_to_mend(
    client: Client, alice: User, typed: dict[str, str], field: str
) -> None:
    answer = client.post(URL, typed)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert f'value="{typed["email"]}"' in answer.text


def test_guesses_at_the_password_end(client: Client, alice: User) -> None:
    answers = [client.post(URL, {"email": NEW, "password": "wrong"}) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429]


def test_whoever_signs_in_by_codes_alone_sets_a_password_first(client: Client, alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice)

    assert "Set a password first" in client.get(URL).text
    client.post(URL, {"email": NEW, "password": ""})
    alice.refresh_from_db()
    assert alice.email == "alice@example.test"


def test_the_link_asks_and_changes_it_by_a_post(client: Client, alice: User) -> None:
    page = client.get(path(alice))
    assert "Change your email address to alice@new.test?" in page.text

    answer = client.post(path(alice), follow=True)

    assert "Your email address is now alice@new.test." in answer.text
    alice.refresh_from_db()
    assert alice.email == NEW
    assert Client().login(email=NEW, password=PASSWORD)
    assert not Client().login(email="alice@example.test", password=PASSWORD)
    assert mailed(alice)["subject"] == "Your email address was changed"


def test_a_refusal_says_why(client: Client, alice: User) -> None:
    build.user("Other", email=NEW)

    answer = client.post(path(alice))

    assert (answer.status_code, "Another account" in answer.text) == (422, True)


def test_a_link_of_somebody_else_leads_nowhere(client: Client, alice: User) -> None:
    bob = build.user("Bob")

    for answer in (client.get(path(bob)), client.post(path(bob)), client.get(f"{URL}nothing/")):
        assert (answer.status_code, "This link no longer works." in answer.text) == (404, True)


def test_visitors_sign_in_and_come_back_to_the_link(alice: User) -> None:
    answer = Client().get(path(alice))

    assert answer["Location"].startswith("/accounts/login/?next=/profile/address/")


def test_the_token_stays_out_of_logs_and_the_form_still_sends(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    page = client.get(path(alice))
    # By `no-referrer` browsers would send the form from the origin "null", which is refused.
    assert page["Referrer-Policy"] == "strict-origin"

    answer = client.post(
        path(alice),
        {"csrfmiddlewaretoken": page.context["csrf_token"]},
        headers={"origin": "http://testserver"},
    )

    assert answer["Referrer-Policy"] == "strict-origin"
    alice.refresh_from_db()
    assert alice.email == NEW
