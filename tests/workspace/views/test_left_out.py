"""A job that leaves something out says so on the pages of that client, until it works again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from checkins.jobs.reminders import send_reminders
from engagements.left_out import note_left_out
from engagements.models import Engagement, Membership, Role
from escalations import jobs as escalation_jobs
from escalations.jobs import UpdatesFailed, update_escalations
from status import jobs as status_jobs
from status.jobs import store_snapshots
from tests import build
from tests.checkins.posting import TUESDAY
from tests.reviews.running import checked, key_results

HOME, BOARD = "/e/northwind/", "/e/northwind/board/"
BANNER = "Some of this page is out of date."


def fails(**_: Any) -> Any:
    raise OverflowError("date value out of range")


def test_reminders_that_are_not_sent_are_named_with_the_day(
    lead: Client, alice: Membership
) -> None:
    assert BANNER not in lead.get(HOME).text
    build.cycle(alice.engagement, "The long one")
    build.change(alice.engagement, time_zone="Nowhere/Land")
    send_reminders(now=TUESDAY, using="default")

    for page in (HOME, BOARD):
        assert BANNER in lead.get(page).text
        assert "No check-in reminders have been sent since Tue 10 Mar." in lead.get(page).text

    build.change(alice.engagement, time_zone="Europe/Berlin")
    send_reminders(now=TUESDAY, using="default")
    assert BANNER not in lead.get(HOME).text


def test_escalations_that_are_not_updated_are_named(
    lead: Client, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    (latency,) = key_results(alice, "Latency", owner=alice)
    checked(latency, alice, "8.9")
    build.change(latency, rag="red", red_since="2026-02-23", red_reported=2)
    with monkeypatch.context() as patch:
        patch.setattr(escalation_jobs, "update_escalation", fails)
        with pytest.raises(UpdatesFailed):
            update_escalations(now=TUESDAY, using="default")

    assert "Some escalations have not been updated since" in lead.get(HOME).text
    assert Engagement.objects.get().left_out == {"escalations": TUESDAY.isoformat()}

    update_escalations(now=TUESDAY, using="default")
    assert BANNER not in lead.get(HOME).text


def test_a_status_page_that_was_not_stored_is_named(
    lead: Client, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(status_jobs, "store_snapshot", fails)
        store_snapshots(now=TUESDAY, using="default")
    assert "The status page has not been stored since" in lead.get(HOME).text

    with monkeypatch.context() as patch:  # not its turn yet
        patch.setattr(status_jobs, "SLICE", 0)
        store_snapshots(now=TUESDAY, using="default")
    assert BANNER in lead.get(HOME).text

    store_snapshots(now=TUESDAY, using="default")
    assert BANNER not in lead.get(HOME).text


def test_a_note_keeps_its_first_time_and_goes_with_its_job_only(alice: Membership) -> None:
    pk, later = alice.engagement_id, TUESDAY + dt.timedelta(days=1)
    note_left_out("messages", [pk], now=TUESDAY, using="default")
    note_left_out("reminders", [pk], now=TUESDAY, using="default")
    note_left_out("reminders", [pk], now=later, using="default")
    note_left_out("messages", [], now=later, using="default")

    assert Engagement.objects.get().left_out == {"reminders": TUESDAY.isoformat()}


def test_viewers_read_nothing_of_it(client: Client, alice: Membership) -> None:
    note_left_out("snapshots", [alice.engagement_id], now=TUESDAY, using="default")
    build.sign_in(client, alice.engagement, Role.VIEWER)

    assert BANNER not in client.get("/e/northwind/status/").text
