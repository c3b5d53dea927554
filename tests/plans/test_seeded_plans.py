"""No page, no post and no sweep reads a large table from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from checkins.jobs.reminders import send_reminders
from checkins.models import CheckIn
from checkins.rules import recompute_state
from config import schedule
from decisions.queries.chain import verify_logs
from demo.seeding import address
from engagements.links import share_link_token
from engagements.models import Engagement, Membership
from escalations.models import Escalation
from mail import delivery
from mail.runs import waiting_since
from notifications.digests import build_digests
from okrs.models import Cycle, KeyResult
from reviews.models import Review
from tenancy.scoping import scope, unscoped
from tests import build
from tests.checkins.posting import stored, typed
from tests.databases import copy_of
from tests.plans.explaining import Plans, explained
from tests.plans.seeded import CLIENTS, FRIDAY, LARGE, MONDAY, NOW, ask, fill, pages_of

pytestmark = pytest.mark.slow

SLUG, OBJECTIVE, KEY_RESULT = "seed-1", "seedobject02", "seedresult04"
INSIDE = (
    "workspace:home",
    "status:status",
    "status:report-list",
    "decisions:decision-list",
    "decisions:action-list",
    "reviews:review-list",
    "okrs:board",
    "okrs:cycle-list",
    "okrs:team-list",
    "metrics:metric-list",
    "escalations:escalation-list",
    "workspace:reminder-list",
    "engagements:member-list",
    "engagements:share-link-list",
    "engagements:settings",
)
OF_ROW = (
    ("workspace:key-result-detail", KEY_RESULT),
    ("decisions:key-result-decisions", KEY_RESULT),
    ("okrs:objective-detail", OBJECTIVE),
    ("decisions:objective-decisions", OBJECTIVE),
)


# What a sweep may read whole all the same, and why.
MEANT = {
    ("reminders ahead", "okrs_keyresult"): "every one of them is due, so all are asked",
    ("messages", "notifications_notice"): "no mail of Friday went out: all of it rides today's",
}


@pytest.fixture(scope="module", autouse=True)
def seeded(django_db_setup: str, django_db_blocker: Any) -> Iterator[set[str]]:
    """The database; yields the keys that the check-ins had before it was filled."""
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(copy_of(django_db_setup))
        stack.enter_context(time_machine.travel(NOW, tick=False))
        keys = keys_of("checkins_checkin")
        fill()
        yield keys


@pytest.fixture(scope="module")
def lead(seeded: None) -> Membership:
    with unscoped():
        engagement = Engagement.objects.using("owner").get(slug=SLUG)
    with scope(engagement.pk):
        return Membership.objects.select_related("engagement", "user").get(
            engagement=engagement, role="lead"
        )


def signed_in(kind: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(email=address(kind)))
    return client


def addresses(lead: Membership) -> Iterator[tuple[str, str]]:
    """Pages by name, and where they are."""
    with scope(lead.engagement_id):
        cycle = Cycle.objects.get(engagement=lead.engagement)
        reviews = list(Review.objects.filter(engagement=lead.engagement))
    for name in INSIDE:
        yield name, reverse(name, args=[SLUG])
    for name, row in (*OF_ROW, ("okrs:cycle-detail", cycle.public_id), ("status:report-detail", 1)):
        yield name, reverse(name, args=[SLUG, row])
    yield "as of", reverse("status:status", args=[SLUG]) + "?as_of=2026-02-20"
    for review in reviews:
        state = "closed" if review.is_closed else "planned"
        yield f"{state} review", reverse("reviews:review-detail", args=[SLUG, review.public_id])
    yield "workspace:my-week", reverse("workspace:my-week")


def read_whole(client: Client, name: str, path: str) -> list[tuple[str, ...]]:
    """Open a page, and list the large tables that it reads from end to end."""
    with explained() as plans:
        answer = client.get(path)
    assert answer.status_code == 200, name
    assert plans.seen
    return [(name, *found) for found in plans.whole]


def test_what_is_called_large_is_large() -> None:
    assert {table: pages for table in LARGE if (pages := pages_of(table)) < 20} == {}


def test_pages_read_by_index(lead: Membership) -> None:
    found = []
    for kind in ("lead", "consultant"):
        client = signed_in(kind)
        for name, path in addresses(lead):
            found += read_whole(client, f"{name} by {kind}", path)

    assert found == []


def test_a_share_link_and_a_viewer_read_by_index(lead: Membership) -> None:
    token = share_link_token(build.share(lead))
    shared = reverse("status:shared-status", args=[token])

    assert read_whole(Client(), "link", shared) == []
    assert read_whole(signed_in("viewer"), "viewer", reverse("status:status", args=[SLUG])) == []


def check_in(client: Client, key_result: KeyResult) -> Plans:
    """Preview and post the latest value once more."""
    key = [key_result.engagement.slug, key_result.public_id]
    with scope(key_result.engagement_id):
        latest = CheckIn.objects.filter(key_result=key_result).order_by("-id")[0]
    value = str(latest.actual)
    filled = typed(actual=value, seen=latest.public_id)

    with explained() as plans:
        preview = client.get(reverse("checkins:check-in-preview", args=key), {"actual": value})
        post = client.post(reverse("checkins:check-in-create", args=key), filled)

    assert (preview.status_code, post.status_code) == (200, 302)
    return plans


def test_a_check_in_is_written_by_index(lead: Membership) -> None:
    with scope(lead.engagement_id):
        key_result = KeyResult.objects.get(engagement=lead.engagement, public_id=KEY_RESULT)

        assert check_in(signed_in("consultant"), key_result).whole == []
        assert CheckIn.objects.filter(key_result=key_result, period=MONDAY).exists()


def test_a_check_in_of_what_is_escalated_is_written_by_index(lead: Membership) -> None:
    """The escalation moves on with it, by the sweeps' statements."""
    with unscoped():
        rows = Escalation.objects.using("owner").open().select_related("key_result__engagement")
        key_result = rows.order_by("id")[0].key_result
        leads = Membership.objects.using("owner").filter(role="lead").select_related("user")
        user = leads.filter(engagement=key_result.engagement)[0].user
    assert user is not None
    client = Client()
    client.force_login(user)

    assert check_in(client, key_result).whole == []


SWEEPS: dict[str, Callable[[], Any]] = {
    **{name: partial(sweep, now=NOW) for name, sweep in schedule.ORDER},
    "reminders ahead": partial(send_reminders, now=FRIDAY),
    "messages of urgent things": partial(build_digests, now=NOW, is_daily=False),
    "claim of due mail": lambda: list(delivery.claim(now=NOW, limit=20)),
    "what waits for mail": partial(waiting_since, now=NOW),
}


@pytest.mark.parametrize("name", SWEEPS)
def test_sweeps_read_by_index(name: str) -> None:
    with explained() as plans:
        SWEEPS[name]()

    assert plans.seen
    meant = {table for sweep, table in MEANT if sweep == name}
    assert [found for found in plans.whole if found[0] not in meant] == []


def test_messages_are_not_made_by_comparing_all_pairs() -> None:
    """Statistics are as they were before the sweep: nothing waits. Its rows are taken back."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE notifications_notice SET envelope = gen_random_uuid()")
        cursor.execute("ANALYZE notifications_notice")
        cursor.execute("UPDATE notifications_notice SET envelope = NULL WHERE dropped_at IS NULL")
        with explained() as plans:
            made = build_digests(now=NOW, using="owner")
        transaction.set_rollback(True, using="owner")

    assert made
    assert plans.pairs == []


def test_reading_a_whole_table_shows() -> None:
    with explained() as plans:
        ask("SELECT count(*) FROM checkins_checkin WHERE is_thin")

    assert [table for table, _ in plans.whole] == ["checkins_checkin"]


def test_an_index_that_is_missing_shows(lead: Membership) -> None:
    """As the tables' owner, whose transaction is taken back."""
    own = "SELECT id FROM notifications_notice WHERE engagement_id = %s ORDER BY created_at DESC"
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        with explained() as before:
            cursor.execute(own, [lead.engagement_id])
        for index in ("notice_newest", "notice_pending", "notice_of_envelope"):
            cursor.execute(f"DROP INDEX {index}")
        for key in ("notice_once", "notice_tenant", "notice_public_id"):
            cursor.execute(f"ALTER TABLE notifications_notice DROP CONSTRAINT {key}")
        with explained() as after:
            cursor.execute(own, [lead.engagement_id])
        transaction.set_rollback(True, using="owner")

    assert (before.whole, [table for table, _ in after.whole]) == ([], ["notifications_notice"])


def test_seeding_leaves_keys_and_triggers_as_they_were(seeded: set[str]) -> None:
    assert keys_of("checkins_checkin") == seeded
    assert len(seeded) > 3
    assert ask("SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'") == [0]


@pytest.mark.parametrize("slug", ["seed-1", "seed-20", "seed-173"])
def test_seeded_standings_are_what_the_check_ins_add_up_to(slug: str) -> None:
    with unscoped():
        engagement = Engagement.objects.using("owner").get(slug=slug)
    with scope(engagement.pk):
        rows = list(KeyResult.objects.filter(engagement=engagement))

        assert len(rows) == 16
        assert [stored(one) for one in rows] == [recompute_state(one) for one in rows]


def test_seeded_decisions_are_sealed() -> None:
    logs = verify_logs()

    assert len(logs) == CLIENTS
    assert all(log.is_intact and log.decisions == 3 for log in logs)


def test_a_consultant_has_a_full_week() -> None:
    page = signed_in("consultant").get(reverse("workspace:my-week"))

    assert page.content.count(b"seedresult") >= 50


def keys_of(table: str) -> set[str]:
    keys = "SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint"
    return set(ask(f"{keys} WHERE conrelid = %s::regclass AND contype = 'f'", table))


def test_pages_keep_their_plans_and_sweeps_make_them_anew() -> None:
    for alias, mode in {"default": "force_generic_plan", "sweep": "auto", "owner": "auto"}.items():
        assert ask("SHOW plan_cache_mode", alias=alias) == [mode]
