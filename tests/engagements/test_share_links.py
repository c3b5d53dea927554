from __future__ import annotations

import datetime as dt
import random
import string
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import override_script_prefix
from pytest_django.fixtures import Settings

from accounts.commands import link_to
from accounts.sign_in import AccountAdapter
from engagements.commands import share_links
from engagements.commands.members import remove_member
from engagements.links import find_share_link, share_link_token, share_link_url
from engagements.models import Membership, ShareLink
from engagements.tasks import flush_share_link_views
from notifications.emails import stop_link
from tenancy.caches import counters
from tenancy.scoping import scope
from tenancy.tokens import absolute_url
from tests import build
from tests.checkins.posting import TUESDAY, at, refused
from tests.engagements.conftest import saved
from tests.query_counts import queries_of

CHARACTERS = string.ascii_letters + string.digits + "-_"
LATER, EARLIER = TUESDAY + dt.timedelta(hours=3), TUESDAY - dt.timedelta(days=9)


@pytest.fixture
def link(alice: Membership) -> ShareLink:
    return build.share(alice)


def test_a_token_has_256_bits_derived_from_its_row(alice: Membership, link: ShareLink) -> None:
    other = build.member(build.engagement("Harbor"), "Bob")
    tokens = {share_link_token(one) for one in (link, build.share(alice), build.share(other))}

    assert len(tokens) == 3
    assert {len(urlsafe_b64decode(f"{token}=")) * 8 for token in tokens} == {256}
    assert share_link_token(saved(link)) == share_link_token(link)


def test_it_is_found_with_its_engagement_in_one_query(link: ShareLink) -> None:
    found: list[Any] = []

    sent = queries_of(lambda: found.append(find_share_link(share_link_token(link))))

    assert (len(sent), found) == (1, [link])
    assert queries_of(lambda: found[0].engagement.client_name) == []


def test_a_token_shows_nothing_else_of_the_engagement(alice: Membership, link: ShareLink) -> None:
    build.share(alice, label="Another")

    assert find_share_link(share_link_token(link))

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


def test_no_table_holds_a_token(alice: Membership, link: ShareLink) -> None:
    tokens = [share_link_token(link), share_link_token(build.share_revoked(alice))]

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
    with scope(alice.engagement_id):
        assert _holds("engagements_sharelink", "label", [link.label])  # it finds what is there


def _holds(table: str, column: str, words: list[str]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT EXISTS (SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE ANY (%s))',
            [[f"%{word}%" for word in words]],
        )
        return bool(cursor.fetchone()[0])


def test_links_have_the_sites_url(alice: Membership, link: ShareLink, settings: Settings) -> None:
    settings.SITE_URL = "https://okr.example.test"
    assert alice.user
    with override_script_prefix("/evil/"):
        links = [
            share_link_url(link),
            link_to(alice.user, new="new@example.test"),
            stop_link(alice.user.pk),
            AccountAdapter().get_reset_password_from_key_url("1-key"),
            absolute_url("engagements:invitation-accept", "token"),
        ]

    assert [one for one in links if "evil" in one or not one.startswith(settings.SITE_URL)] == []
    assert links[0] == f"{settings.SITE_URL}/s/{share_link_token(link)}/"


def test_an_address_that_no_longer_fits_is_not_shown(link: ShareLink, settings: Settings) -> None:
    token = share_link_token(link)

    settings.SECRET_KEY = "another-key-after-a-leak-0123456789-0123456789"

    assert share_link_url(link) == ""
    assert find_share_link(token) == link


def test_it_works_for_ninety_days_to_the_end_of_the_clients_day(alice: Membership) -> None:
    link = build.share(alice, now=TUESDAY)

    assert link.expires_at == at("2026-06-09T00:00")
    assert (link.label, link.created_by, link.created_at) == ("Board", alice, TUESDAY)


def update(link: ShareLink, by: Membership, **fields: Any) -> ShareLink:
    values = {"version": 1, "label": "Board", "expires_on": TUESDAY.date(), "now": TUESDAY}
    with scope(by.engagement_id):
        return share_links.update_share_link(share_link=link, by=by, **{**values, **fields})


@pytest.mark.parametrize("command", ["create", "update"])
@pytest.mark.parametrize(
    ("fields", "result"),
    [
        pytest.param({"expires_on": dt.date(2026, 3, 10)}, "2026-03-11T00:00", id="today"),
        pytest.param({"expires_on": dt.date(2028, 3, 10)}, "2028-03-11T00:00", id="two years"),
        ({"expires_on": dt.date(2026, 3, 9)}, "expiry_past"),
        ({"expires_on": dt.date(2028, 3, 12)}, "expiry_far"),
        ({"label": "  "}, "label_missing"),
    ],
)
def test_a_link_ends_from_today_up_to_two_years_ahead(
    alice: Membership, command: str, fields: dict[str, Any], result: str
) -> None:
    def choose() -> ShareLink:
        if command == "create":
            return build.share(alice, now=TUESDAY, **fields)
        return update(build.share(alice, now=TUESDAY), alice, **fields)

    if "T" in result:
        assert choose().expires_at == at(result)
    else:
        assert refused(choose) == result


def test_revoking_ends_it_with_the_next_look_and_for_good(alice: Membership) -> None:
    link, bob = build.share(alice), build.member(alice.engagement, "Bob")

    with scope(alice.engagement_id):
        share_links.revoke_share_link(share_link=link, by=alice, now=TUESDAY)
        share_links.revoke_share_link(share_link=link, by=bob, now=TUESDAY + dt.timedelta(days=1))

    assert (saved(link).revoked_at, saved(link).revoked_by_id) == (TUESDAY, alice.pk)
    assert refused(lambda: update(link, bob)) == "revoked"
    assert find_share_link(share_link_token(link)) is None
    assert not saved(link).is_open(now=TUESDAY)


def test_links_outlive_the_membership_of_who_made_them(alice: Membership, link: ShareLink) -> None:
    with scope(alice.engagement_id):
        remove_member(membership=alice, by=build.member(alice.engagement, "Bob"), now=TUESDAY)

    assert find_share_link(share_link_token(link)) == link


def test_views_add_up_inside_their_engagement(link: ShareLink) -> None:
    here, other = link.engagement_id, build.engagement("Harbor Retail").pk
    for place, moment in ((here, TUESDAY), (other, LATER), (here, EARLIER)):
        with scope(place):
            share_links.count_share_link_views(
                engagement_id=place, share_link_id=link.pk, views=2, last_viewed_at=moment
            )

    assert counted(link) == (4, TUESDAY)


def test_its_history_says_who_ended_it_but_has_no_hash(alice: Membership, link: ShareLink) -> None:
    with scope(alice.engagement_id):
        share_links.revoke_share_link(share_link=link, by=alice, now=TUESDAY)
        share_links.count_share_link_views(
            engagement_id=link.engagement_id, share_link_id=link.pk, views=1, last_viewed_at=TUESDAY
        )
        events = list(link.events.order_by("pgh_id").values())  # type: ignore[attr-defined]

    assert [event["pgh_label"] for event in events] == ["insert", "update"]
    assert "token_hash" not in events[0]


@pytest.fixture
def links(db: None) -> list[ShareLink]:
    """One link of each of two clients."""
    clients = (build.engagement("Northwind SaaS"), build.engagement("Harbor Retail"))
    people = [build.member(client, f"Lead of {client}") for client in clients]
    return [build.share(person) for person in people]


def counted(link: ShareLink) -> tuple[int, dt.datetime | None]:
    row = saved(link)
    return row.views, row.last_viewed_at


def test_each_view_counts_once_and_only_by_a_flush(links: list[ShareLink]) -> None:
    ours, theirs = links
    for link, moment in ((ours, TUESDAY), (theirs, TUESDAY), (ours, LATER)):
        share_links.count_view(link, now=moment)
    assert counted(ours) == (0, None)

    assert share_links.flush_views() == 2
    flush_share_link_views()
    assert (counted(ours), counted(theirs)) == ((2, LATER), (1, TUESDAY))

    share_links.count_view(theirs, now=LATER)
    flush_share_link_views()
    assert counted(theirs) == (2, LATER)


def test_a_flush_that_dies_half_way_loses_nothing(
    links: list[ShareLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    for link in links:
        share_links.count_view(link, now=TUESDAY)
    calls = []

    def dies(**known: Any) -> None:
        calls.append(known)
        if len(calls) == 2:
            raise KeyboardInterrupt
        share_links.count_share_link_views(**known)

    monkeypatch.setattr(share_links, "count_share_link_views", dies)
    with pytest.raises(KeyboardInterrupt):
        share_links.flush_views()
    monkeypatch.undo()
    share_links.count_view(links[0], now=LATER)

    share_links.flush_views()

    assert [counted(link) for link in links] == [(2, LATER), (1, TUESDAY)]
    assert not counters().exists(share_links.TAKEN)


def test_only_one_flush_writes_at_a_time(links: list[ShareLink]) -> None:
    share_links.count_view(links[0], now=TUESDAY)

    with counters().lock(share_links.FLUSH, timeout=5):
        assert share_links.flush_views() == 0

    assert counted(links[0]) == (0, None)
    assert share_links.flush_views() == 1


def test_a_view_of_a_link_that_is_not_there_is_dropped(links: list[ShareLink]) -> None:
    share_links.count_view(ShareLink(pk=0, engagement_id=links[0].engagement_id), now=TUESDAY)

    share_links.flush_views()

    assert not counters().exists(share_links.TAKEN)


def test_beat_rings_for_it_every_minute() -> None:
    schedule = settings.CELERY_BEAT_SCHEDULE.values()

    assert {"task": flush_share_link_views.name, "schedule": 60.0} in schedule
