from __future__ import annotations

import pytest
from django.core.signing import Signer

from accounts.commands import disable_user
from notifications.emails import masked, stop_link, token_of, user_of
from tests import build

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
