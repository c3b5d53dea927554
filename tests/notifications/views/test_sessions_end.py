from __future__ import annotations

from django.test import Client

from tests import build
from tests.accounts.signing_in import is_signed_in
from tests.build import PASSWORD

URL = "/profile/sessions/end/"


def test_every_other_browser_is_signed_out_and_this_one_is_not(db: None, client: Client) -> None:
    alice, other, stranger = build.user("Alice"), Client(), Client()
    client.force_login(alice)
    other.force_login(alice)
    stranger.force_login(build.user("Bob"))

    answer = client.post(URL, follow=True)

    assert "Signed out everywhere else." in answer.text
    assert [is_signed_in(one) for one in (client, other, stranger)] == [True, False, True]


def test_one_signs_in_again_and_can_do_so_twice(db: None, client: Client) -> None:
    client.force_login(build.user("Alice"))
    client.post(URL)
    client.post(URL)
    again = Client()

    assert again.login(email="alice@example.test", password=PASSWORD)
    assert is_signed_in(again)
    assert is_signed_in(client)


def test_it_is_no_link(db: None, client: Client) -> None:
    client.force_login(build.user("Alice"))

    assert client.get(URL).status_code == 405
