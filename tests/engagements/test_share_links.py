"""The token of a share link: what it opens, and that nothing keeps it."""

from __future__ import annotations

import random
import string
from base64 import urlsafe_b64decode

import pytest
from django.conf import settings
from django.db import connection
from django.urls.base import get_script_prefix, set_script_prefix
from pytest_django.fixtures import Settings

from accounts.addresses import link_to
from accounts.sign_in import AccountAdapter
from engagements.links import find_share_link, share_link_token, share_link_url
from engagements.models import Membership, ShareLink
from notifications.unsubscribe import stop_link
from tenancy.scoping import scope
from tenancy.tokens import absolute_url
from tests import build
from tests.engagements.sharing import share, share_revoked
from tests.query_counts import queries_of

CHARACTERS = string.ascii_letters + string.digits + "-_"


@pytest.fixture
def alice(db: None) -> Membership:
    return build.member(build.engagement(), "Alice")


@pytest.fixture
def link(alice: Membership) -> ShareLink:
    return share(alice)


def test_a_token_has_256_bits_and_is_made_again_from_the_row(
    alice: Membership, link: ShareLink
) -> None:
    token = share_link_token(link)

    assert len(urlsafe_b64decode(f"{token}=")) * 8 == 256
    with scope(alice.engagement_id):
        assert share_link_token(ShareLink.objects.get()) == token


def test_no_two_links_have_the_same(alice: Membership, link: ShareLink) -> None:
    other = build.member(build.engagement("Harbor Retail"), "Bob")

    assert len({share_link_token(each) for each in (link, share(alice), share(other))}) == 3


def test_it_is_found_with_its_engagement_in_one_query(link: ShareLink) -> None:
    found: list[ShareLink | None] = []

    sent = queries_of(lambda: found.append(find_share_link(share_link_token(link))))

    assert len(sent) == 1
    assert found == [link]
    assert queries_of(lambda: found[0] and found[0].engagement.client_name) == []


def test_what_else_the_engagement_holds_stays_behind_the_wall(
    alice: Membership, link: ShareLink
) -> None:
    share(alice, label="Another")
    found = find_share_link(share_link_token(link))

    assert found is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM engagements_sharelink")
        assert cursor.fetchone() == (0,)


def mutated(token: str, chance: random.Random) -> str:
    """The token with something changed, as somebody who guesses would."""
    at = chance.randrange(len(token))
    other = chance.choice(CHARACTERS.replace(token[at], ""))
    changes = [
        token[:at] + other + token[at + 1 :],
        token[:at] + other + token[at:],
        token[:at] + token[at + 1 :],
        "".join(chance.sample(token, len(token))),
    ]
    return chance.choice(changes)


@pytest.mark.slow
def test_none_of_ten_thousand_mutated_tokens_opens_anything(link: ShareLink) -> None:
    token, chance = share_link_token(link), random.Random(20_260_310)  # noqa: S311 - to be repeatable
    tried: set[str] = set()
    while len(tried) < 10_000:
        tried |= {mutated(token, chance)} - {token}

    hits = [each for each in tried if find_share_link(each)]

    assert hits == []
    assert find_share_link(token) == link


def test_a_revoked_link_is_not_found(alice: Membership) -> None:
    assert find_share_link(share_link_token(share_revoked(alice))) is None


def test_no_table_holds_a_token(alice: Membership, link: ShareLink) -> None:
    tokens = [share_link_token(link), share_link_token(share_revoked(alice))]

    with scope(alice.engagement_id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN"
            " ('text', 'character varying', 'character', 'jsonb', 'json', 'ARRAY')"
        )
        columns = cursor.fetchall()
        holding = [(table, column) for table, column in columns if _holds(table, column, tokens)]

    assert len(columns) > 100
    assert holding == []


def _holds(table: str, column: str, words: list[str]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT EXISTS (SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE ANY (%s))',
            [[f"%{word}%" for word in words]],
        )
        return bool(cursor.fetchone()[0])


def test_the_search_for_tokens_finds_what_is_there(alice: Membership, link: ShareLink) -> None:
    with scope(alice.engagement_id):
        assert _holds("engagements_sharelink", "label", [link.label])


def test_its_address_is_of_this_site(link: ShareLink) -> None:
    assert share_link_url(link) == f"{settings.SITE_URL}/s/{share_link_token(link)}/"


def test_links_are_built_from_the_site_url_whatever_path_a_request_came_by(
    alice: Membership, link: ShareLink, settings: Settings
) -> None:
    settings.SITE_URL = "https://okr.example.test"
    assert alice.user
    before = get_script_prefix()
    set_script_prefix("/evil/")
    try:
        links = [
            share_link_url(link),
            link_to(alice.user, new="new@example.test"),
            stop_link(alice.user.pk),
            AccountAdapter().get_reset_password_from_key_url("1-key"),
            absolute_url("engagements:invitation-accept", "token"),
        ]
    finally:
        set_script_prefix(before)

    assert [one for one in links if "evil" in one or not one.startswith(settings.SITE_URL)] == []


def test_an_address_that_no_longer_fits_is_not_shown(link: ShareLink, settings: Settings) -> None:
    token = share_link_token(link)

    settings.SECRET_KEY = "another-key-after-a-leak-0123456789-0123456789"

    assert share_link_url(link) == ""
    assert find_share_link(token) == link
