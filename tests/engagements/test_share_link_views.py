"""Views are counted in Valkey and written down by the flush."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.conf import settings

from engagements import share_link_views
from engagements.commands import count_share_link_views
from engagements.models import ShareLink
from engagements.share_link_views import FLUSH, TAKEN, count_view, flush_views
from engagements.tasks import flush_share_link_views
from tenancy.counters import counters
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY
from tests.engagements.sharing import share

LATER = TUESDAY + dt.timedelta(hours=3)


@pytest.fixture
def links(db: None) -> list[ShareLink]:
    """One link of each of two clients."""
    clients = (build.engagement("Northwind SaaS"), build.engagement("Harbor Retail"))
    people = [build.member(client, f"Lead of {client}") for client in clients]
    return [share(person) for person in people]


def stored(link: ShareLink) -> tuple[int, dt.datetime | None]:
    with scope(link.engagement_id):
        row = ShareLink.objects.get(pk=link.pk)
    return row.views, row.last_viewed_at


def test_each_view_counts_for_its_link_with_the_time_of_the_last(links: list[ShareLink]) -> None:
    ours, theirs = links
    for link, at in ((ours, TUESDAY), (theirs, TUESDAY), (ours, LATER)):
        count_view(link, now=at)

    assert flush_views() == 2

    assert (stored(ours), stored(theirs)) == ((2, LATER), (1, TUESDAY))


def test_nothing_is_written_before_the_flush_and_nothing_twice(links: list[ShareLink]) -> None:
    count_view(links[0], now=TUESDAY)
    assert stored(links[0]) == (0, None)

    flush_share_link_views()
    flush_share_link_views()

    assert stored(links[0]) == (1, TUESDAY)


def test_views_of_another_minute_add_up(links: list[ShareLink]) -> None:
    for at in (TUESDAY, LATER):
        count_view(links[0], now=at)
        flush_views()

    assert stored(links[0]) == (2, LATER)


def test_a_flush_that_dies_half_way_loses_nothing(
    links: list[ShareLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    for link in links:
        count_view(link, now=TUESDAY)
    calls = []

    def dies(**known: Any) -> None:
        calls.append(known)
        if len(calls) == 2:
            raise KeyboardInterrupt
        count_share_link_views(**known)

    monkeypatch.setattr(share_link_views, "count_share_link_views", dies)
    with pytest.raises(KeyboardInterrupt):
        flush_views()
    monkeypatch.undo()
    count_view(links[0], now=LATER)

    flush_views()

    assert [stored(link) for link in links] == [(2, LATER), (1, TUESDAY)]
    assert not counters().exists(TAKEN)


def test_only_one_flush_writes_at_a_time(links: list[ShareLink]) -> None:
    count_view(links[0], now=TUESDAY)

    with counters().lock(FLUSH, timeout=5):
        assert flush_views() == 0

    assert stored(links[0]) == (0, None)
    assert flush_views() == 1


def test_a_view_of_a_link_that_is_not_there_is_dropped(links: list[ShareLink]) -> None:
    count_view(ShareLink(pk=0, engagement_id=links[0].engagement_id), now=TUESDAY)

    flush_views()

    assert not counters().exists(TAKEN)


def test_beat_rings_for_it_every_minute() -> None:
    schedule = settings.CELERY_BEAT_SCHEDULE.values()

    assert {"task": flush_share_link_views.name, "schedule": 60.0} in schedule
