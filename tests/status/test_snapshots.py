"""The job that stores snapshots, and what readers find."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.test import Client

from engagements.models import Engagement, Membership
from escalations.models import Escalation
from metrics.models import Metric
from okrs.models import Cycle, KeyResult, Objective, Team
from status import queries
from status.commands import store_snapshot
from status.jobs import store_snapshots
from status.models import Snapshot
from status.snapshots import build_snapshot, content_hash, moment_of
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, at, post
from tests.query_counts import queries_of
from tests.reviews.running import escalate
from tests.status.quarter import end_day, key_result, objective, week

pytestmark = pytest.mark.usefixtures("row")

STATUS = "/e/northwind/status/"


@pytest.fixture
def row(alice: Membership) -> KeyResult:
    metric = build.metric(alice.engagement, unit="percent")
    goal = objective(alice, team=build.team(alice.engagement))
    return key_result(goal, "Expansion", metric=metric)


def run_job(now: dt.datetime) -> int:
    return store_snapshots(now=now, using="default")


def test_each_new_version_is_stored_once(alice: Membership, row: KeyResult) -> None:
    assert [run_job(TUESDAY), run_job(TUESDAY)] == [1, 0]

    post(row, alice, actual=1)

    assert [run_job(TUESDAY), run_job(TUESDAY)] == [1, 0]
    (stored,) = Snapshot.objects.all()  # it replaced the first one of that day
    assert stored.content["headline"].endswith("behind pace and red: Expansion.")
    assert stored.version == Engagement.objects.get().status_version


def test_a_page_is_stored_at_midnight_and_at_the_due_time() -> None:
    run_job(TUESDAY)

    stored = {
        moment: run_job(at(f"2026-03-{moment}"))
        for moment in ("10T23:59", "11T00:00", "11T00:01", "16T09:59", "16T10:01", "16T10:02")
    }

    assert [when for when, count in stored.items() if count] == ["11T00:00", "16T09:59", "16T10:01"]
    assert "Check-in late since" in str(Snapshot.objects.latest("day").content)
    assert list(Snapshot.objects.order_by("day").values_list("day", flat=True)) == [
        dt.date(2026, 3, day) for day in (10, 11, 16)
    ]


@pytest.mark.parametrize(
    ("before", "after", "is_picked"),
    [
        pytest.param("2026-03-29T00:45", "2026-03-29T01:15", False, id="skipped, before it"),
        pytest.param("2026-03-29T01:15", "2026-03-29T01:45", True, id="skipped, at it"),
        pytest.param("2026-10-25T00:15", "2026-10-25T00:45", True, id="twice, at the first"),
        pytest.param("2026-10-25T00:45", "2026-10-25T01:15", False, id="twice, between them"),
    ],
)
def test_at_a_clock_change_a_due_time_passes_once(before: str, after: str, is_picked: bool) -> None:
    Engagement.objects.update(due_time=dt.time(2, 30))
    moments = [dt.datetime.fromisoformat(f"{moment}Z") for moment in (before, after)]

    for moment in moments:
        run_job(moment)

    assert (Snapshot.objects.get().built_at == moments[1]) == is_picked


def test_what_another_release_built_is_built_again_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    def build_older(*args: Any, **kwargs: Any) -> Any:
        return {**build_snapshot(*args, **kwargs), "headline": "Hidden by the next release"}

    with monkeypatch.context() as patch:
        patch.setattr("status.commands.build_snapshot", build_older)
        run_job(TUESDAY)
    Snapshot.objects.update(built_by="older")
    engagement = Engagement.objects.get()
    moment = moment_of(engagement, now=TUESDAY)

    assert "Hidden" not in str(queries.page_now(engagement, moment=moment))
    assert [run_job(TUESDAY), run_job(TUESDAY)] == [1, 0]
    assert "Hidden" not in str(Snapshot.objects.get().content)


def test_clients_whose_pages_fail_leave_the_slice_to_the_others(
    alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [build.engagement(f"{name} Retail") for name in ("Harbor", "Island", "Coast")]
    ids = [alice.engagement_id, *(one.pk for one in others)]

    def store(*, engagement_id: int, now: dt.datetime) -> bool:
        if engagement_id in ids[:2]:
            raise ValueError
        return store_snapshot(engagement_id=engagement_id, now=now)

    monkeypatch.setattr("status.jobs.store_snapshot", store)
    monkeypatch.setattr("status.jobs.SLICE", 1)

    with scope(*ids):
        assert [run_job(TUESDAY) for _ in range(3)] == [1, 1, 0]


def test_an_equal_page_is_not_stored_again() -> None:
    run_job(TUESDAY)
    (first,) = Snapshot.objects.all()

    KeyResult.objects.update(data_gap_until=TUESDAY.date())  # not on the page

    assert run_job(TUESDAY) == 0
    (stored,) = Snapshot.objects.all()
    assert (stored.pk, stored.hash) == (first.pk, first.hash)
    assert stored.version > first.version


def test_a_closed_engagement_gets_no_more_pages(alice: Membership) -> None:
    Engagement.objects.update(closed_at=TUESDAY, closed_by=alice)

    assert run_job(TUESDAY) == 0
    assert not store_snapshot(engagement_id=alice.engagement_id, now=TUESDAY)


def test_a_replay_of_an_earlier_instant_stores_nothing(alice: Membership) -> None:
    run_job(TUESDAY)

    assert run_job(TUESDAY - dt.timedelta(days=1)) == 0
    assert not store_snapshot(engagement_id=alice.engagement_id, now=week(9))


def test_the_counts_are_columns(alice: Membership, row: KeyResult) -> None:
    goal = row.objective
    post(key_result(goal, "On its way"), alice, actual=9, confidence=4, now=week(10))
    post(key_result(goal, "Behind"), alice, actual=1, confidence=2, now=week(8))
    post(key_result(goal, "Quiet"), alice, actual=9, confidence=4, now=week(7))
    run_job(TUESDAY)

    quiet = {"no_recent_update": 1, "late": 3}
    expected = {"on_pace": 1, "behind": 1, "not_measured": 1, "red": 1, **quiet}
    assert Snapshot.objects.values(*expected).get() == expected


@pytest.mark.parametrize(
    ("model", "change"),
    [
        pytest.param(KeyResult, {"title": "Renamed"}, id="key result"),
        pytest.param(Objective, {"title": "Renamed"}, id="objective"),
        pytest.param(Cycle, {"name": "Renamed"}, id="cycle"),
        pytest.param(Team, {"name": "Renamed"}, id="team"),
        pytest.param(Metric, {"unit": "days"}, id="metric"),
        pytest.param(Membership, {"name": "Renamed"}, id="person"),
        pytest.param(Engagement, {"client_name": "Renamed"}, id="name of the client"),
        pytest.param(Engagement, {"time_zone": "Asia/Tokyo"}, id="time zone"),
        pytest.param(Engagement, {"scale": "hundred"}, id="scale"),
        pytest.param(Engagement, {"bands": "strict"}, id="bands"),
        pytest.param(Engagement, {"cadence": "monthly"}, id="cadence"),
        pytest.param(Engagement, {"due_weekday": 4}, id="due weekday"),
        pytest.param(Engagement, {"due_time": dt.time(18)}, id="due time"),
        pytest.param(Engagement, {"rhythm_since": TUESDAY}, id="rhythm"),
        pytest.param(Engagement, {"shows_owners": False}, id="owners shown"),
        pytest.param(Escalation, {"recovered_at": TUESDAY}, id="escalation"),
    ],
)
def test_what_the_page_shows_counts_its_version(
    alice: Membership, row: KeyResult, model: type, change: dict[str, object]
) -> None:
    post(row, alice, actual=3, now=week(10))
    escalate(row)
    before = Engagement.objects.get().status_version

    model.objects.update(**change)  # type: ignore[attr-defined]

    assert Engagement.objects.get().status_version > before


def test_readers_store_nothing_and_read_what_jobs_store(client: Client, dana: Membership) -> None:
    build.log_in(client, dana)
    engagement = Engagement.objects.get()
    moment = moment_of(engagement, now=TUESDAY)

    first = client.get(STATUS)
    built = queries.page_now(engagement, moment=moment)
    assert not Snapshot.objects.exists()
    run_job(TUESDAY)

    assert first.status_code == 200
    assert content_hash(built) == Snapshot.objects.get().hash
    assert queries.page_now(engagement, moment=moment) == built


def test_all_readers_share_one_body(client: Client, alice: Membership, dana: Membership) -> None:
    pages = []
    for reader in (alice, dana):
        build.log_in(client, reader)
        pages.append(len(queries_of(lambda: client.get(STATUS))))

    assert pages[1] == 2  # the user and the membership
    assert pages[0] > 2


def test_pages_are_rendered_without_cache(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("status.rendering.cache.get", away)
    monkeypatch.setattr("status.rendering.cache.set", away)

    assert [reader.get(STATUS).status_code for _ in range(2)] == [200, 200]
    assert "Expansion" in reader.get(STATUS).text


def test_the_cache_keeps_clients_apart(client: Client, alice: Membership, row: KeyResult) -> None:
    """Two clients with equal versions and public ids."""
    other = build.member(build.engagement("Harbor Retail"), "Olga")
    with scope(other.engagement_id):
        theirs = key_result(objective(other), "Theirs")
    Engagement.objects.update(status_version=50)
    with scope(other.engagement_id):
        Engagement.objects.update(status_version=50)
        KeyResult.objects.filter(pk=theirs.pk).update(public_id=row.public_id)
        Engagement.objects.update(status_version=50)

    pages = []
    for person, slug in ((alice, "northwind"), (other, "harbor")):
        build.log_in(client, person)
        pages.append(client.get(f"/e/{slug}/status/").text)

    assert ["Expansion" in page for page in pages] == [True, False]
    assert ["Theirs" in page for page in pages] == [False, True]


@pytest.mark.parametrize("change", [{"slug": "harbor"}, {"created_at": week(1)}])
def test_no_page_comes_from_an_earlier_database(reader: Client, change: dict[str, object]) -> None:
    """A new client with equal id and version, while the cache outlived the database."""
    version = Engagement.objects.get().status_version
    assert "Expansion" in reader.get(STATUS).text

    KeyResult.objects.update(title="Theirs")
    Engagement.objects.update(**change)
    Engagement.objects.update(status_version=version)
    page = reader.get(f"/e/{Engagement.objects.get().slug}/status/").text

    assert ("Expansion" in page, "Theirs" in page) == (False, True)


def test_a_day_that_gets_another_snapshot_is_sent_again(reader: Client, alice: Membership) -> None:
    end_day(alice.engagement, "2026-03-08")
    page = reader.get(f"{STATUS}?as_of=2026-03-09")
    known = {"If-None-Match": page.headers["ETag"]}

    unchanged = reader.get(f"{STATUS}?as_of=2026-03-09", headers=known)
    end_day(alice.engagement, "2026-03-09")
    changed = reader.get(f"{STATUS}?as_of=2026-03-09", headers=known)

    assert [unchanged.status_code, changed.status_code] == [304, 200]


def test_a_newer_body_replaces_the_older(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    written = cache.set

    def write(key: str, *args: Any) -> None:
        keys.append(key)
        written(key, *args)

    monkeypatch.setattr("status.rendering.cache.set", write)
    keys.clear()
    for title in ("First", "Second"):
        KeyResult.objects.update(title=title)
        assert title in reader.get(STATUS).text

    bodies = [key for key in keys if key.startswith("status:")]
    assert len(bodies) == 2
    assert len(set(bodies)) == 1


def test_a_stored_page_is_never_changed_nor_the_last_of_a_day_deleted(alice: Membership) -> None:
    end_day(alice.engagement, "2026-03-09")
    changes = (
        lambda: Snapshot.objects.update(content={}),
        lambda: Snapshot.objects.update(hash="0" * 64),
        lambda: Snapshot.objects.update(day=dt.date(2026, 3, 8)),
        lambda: Snapshot.objects.update(red=9),
        lambda: Snapshot.objects.all().delete(),
    )

    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
