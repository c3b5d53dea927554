"""The status page as whoever holds a share link sees it, and how such a link ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.limits import SHARE_LINK_GUESSES, SHARE_LINK_READS
from engagements.commands.share_links import VIEWS, flush_views, revoke_share_link
from engagements.links import share_link_token, share_link_url
from engagements.models import Membership, ShareLink
from tenancy.caches import counters
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import post
from tests.query_counts import assert_query_count, queries_of

GONE = "This link no longer works."


@pytest.fixture
def alice(db: None) -> Membership:
    """Lead of Northwind, where one key result has a check-in."""
    alice = build.member(build.engagement())
    objective = build.objective(alice, build.cycle(alice.engagement))
    key_result = build.live_key_result(objective, build.metric(alice.engagement), title="First win")
    with scope(alice.engagement_id):
        post(key_result, alice, insight="The welcome call moved to day two.")
    return alice


@pytest.fixture
def link(alice: Membership) -> ShareLink:
    return build.share(alice)


@pytest.fixture
def url(link: ShareLink) -> str:
    return reverse("status:shared-status", args=[share_link_token(link)])


def test_it_shows_everyone_the_same_status_page_and_no_way_further(
    client: Client, alice: Membership, link: ShareLink, url: str
) -> None:
    assert share_link_url(link).endswith(url)
    assert alice.user is not None

    sent = queries_of(lambda: client.get(url))
    as_visitor = client.get(url)
    client.force_login(alice.user)
    as_lead = client.get(url)

    assert_query_count(sent, name="shared-status")
    assert as_visitor.status_code == 200
    assert "Northwind SaaS" in as_visitor.text
    assert 'href="/' not in as_visitor.text.replace('href="/static/', "")
    assert (as_lead.text, as_lead["ETag"]) == (as_visitor.text, as_visitor["ETag"])


def test_a_page_that_is_unchanged_costs_one_query_and_says_so(client: Client, url: str) -> None:
    known = {"If-None-Match": client.get(url)["ETag"]}

    sent = queries_of(lambda: client.get(url, headers=known))

    assert client.get(url, headers=known).status_code == 304
    assert len(sent) == 1, sent


def test_link_holders_only_read(client: Client, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[str] = []

    def looked(*_: object, **__: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            modes.extend(cursor.fetchone())

    monkeypatch.setattr("engagements.access.count_view", looked)
    client.get(url)

    assert modes == ["on"]


@pytest.mark.parametrize("ended", [build.share_revoked, build.share_expired])
def test_a_link_that_ended_gets_the_page_of_one_that_never_was_and_counts_no_view(
    client: Client, alice: Membership, ended: Callable[[Membership], ShareLink]
) -> None:
    answer = client.get(f"/s/{share_link_token(ended(alice))}/")

    assert (answer.status_code, GONE in answer.text) == (404, True)
    assert answer.content == client.get("/s/never-made/").content
    assert "Northwind" not in answer.text
    assert not counters().exists(VIEWS)


def test_the_next_request_after_revoking_is_refused(
    client: Client, alice: Membership, link: ShareLink, url: str
) -> None:
    tag = client.get(url)["ETag"]

    with scope(alice.engagement_id):
        revoke_share_link(share_link=link, by=alice, now=link.created_at)

    assert client.get(url, headers={"If-None-Match": tag}).status_code == 404


def test_it_works_to_the_end_of_its_last_day(client: Client, link: ShareLink, url: str) -> None:
    with time_machine.travel(link.expires_at - dt.timedelta(seconds=1)):
        assert client.get(url).status_code == 200
    with time_machine.travel(link.expires_at):
        assert client.get(url).status_code == 404


def test_every_answer_is_kept_from_referrers_and_search_engines(client: Client, url: str) -> None:
    answers = [
        client.get(url),
        client.head(url),
        client.get("/s/never-made/"),
        client.get(url.rstrip("/")),
        client.post(url),
        client.put(url),
        client.delete(url),
        client.get(url, headers={"Host": "elsewhere.example"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 404, 301, 405, 405, 405, 400]
    assert {answer["Referrer-Policy"] for answer in answers} == {"no-referrer"}
    assert {answer["X-Robots-Tag"] for answer in answers} == {"noindex, nofollow"}


def test_pages_sent_are_views(client: Client, alice: Membership, link: ShareLink, url: str) -> None:
    tag = client.get(url)["ETag"]
    client.get(url)
    client.head(url)
    client.get(url, headers={"If-None-Match": tag})
    client.post(url)

    flush_views()

    with scope(alice.engagement_id):
        row = ShareLink.objects.get(pk=link.pk)
    assert (row.views, row.last_viewed_at is None) == (2, False)


def test_an_address_that_guesses_is_stopped_a_good_link_is_not(client: Client, url: str) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC), tick=False) as clock:
        codes = [client.get(f"/s/guess-{n}/").status_code for n in range(SHARE_LINK_GUESSES.amount)]
        busy = client.get("/s/guess-again/")
        of_a_colleague = client.get(url)
        from_elsewhere = client.get("/s/guess-again/", REMOTE_ADDR="192.0.2.9")
        clock.shift(60)
        later = client.get("/s/guess-again/")

    assert codes == [404] * SHARE_LINK_GUESSES.amount
    assert (busy.status_code, "Wait a minute" in busy.text) == (429, True)
    assert of_a_colleague.status_code == 200
    assert (from_elsewhere.status_code, later.status_code) == (404, 404)


def test_an_office_reads_behind_one_address(client: Client, url: str) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC), tick=False):
        assert client.get(url).status_code == 200
        (key,) = counters().keys("limits:share-link:reads:*")
        counters().set(key, SHARE_LINK_READS.amount - 1)

        assert [client.get(url).status_code for _ in range(2)] == [200, 429]


def test_reading_stays_open_while_valkey_is_down(
    client: Client, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(settings.CACHES["default"], "LOCATION", "redis://127.0.0.1:1/0")

    assert client.get(url).status_code == 200
    assert client.get("/s/never-made/").status_code == 404
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
