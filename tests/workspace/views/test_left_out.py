"""A job that leaves something out says so on the pages of that client, until it works again."""

from __future__ import annotations

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
BANNER = "was left out by a job"


def fails(**_: Any) -> Any:
    raise OverflowError("date value out of range")


def test_a_cycle_without_reminders_is_named_with_its_fix(lead: Client, alice: Membership) -> None:
    assert BANNER not in lead.get(HOME).text
    cycle = build.cycle(alice.engagement, "The long one")
    build.change(alice.engagement, time_zone="Nowhere/Land")
    send_reminders(now=TUESDAY, using="default")

    home = lead.get(HOME)
    assert BANNER in home.text
    assert "No one is reminded of check-ins in The long one" in home.text
    assert f'href="/e/northwind/cycles/{cycle.public_id}/edit/"' in home.text
    assert BANNER in lead.get(BOARD).text

    build.change(alice.engagement, time_zone="Europe/Berlin")
    send_reminders(now=TUESDAY, using="default")
    assert BANNER not in lead.get(HOME).text


def test_a_key_result_without_its_escalation_is_named(
    lead: Client, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    (latency,) = key_results(alice, "Latency", owner=alice)
    checked(latency, alice, "8.9")
    build.change(latency, rag="red", red_since="2026-02-23", red_reported=2)
    with monkeypatch.context() as patch:
        patch.setattr(escalation_jobs, "update_escalation", fails)
        with pytest.raises(UpdatesFailed):
            update_escalations(now=TUESDAY, using="default")

    assert "The escalation of" in lead.get(HOME).text
    assert Engagement.objects.get().left_out == {"escalations": [latency.pk]}

    update_escalations(now=TUESDAY, using="default")
    assert BANNER not in lead.get(HOME).text


def test_a_status_page_that_was_not_stored_is_named(
    lead: Client, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(status_jobs, "store_snapshot", fails)
        store_snapshots(now=TUESDAY, using="default")
    assert "Today’s status page was not stored" in lead.get(HOME).text

    with monkeypatch.context() as patch:  # not its turn yet
        patch.setattr(status_jobs, "SLICE", 0)
        store_snapshots(now=TUESDAY, using="default")
    assert BANNER in lead.get(HOME).text

    store_snapshots(now=TUESDAY, using="default")
    assert BANNER not in lead.get(HOME).text


def test_a_note_is_written_once_and_only_of_its_job(alice: Membership) -> None:
    pk = alice.engagement_id
    note_left_out("messages", {pk: []}, using="default")
    note_left_out("reminders", {pk: [1, 2]}, using="default")
    note_left_out("messages", {}, using="default")

    assert Engagement.objects.get().left_out == {"reminders": [1, 2]}


def test_viewers_read_nothing_of_it(client: Client, alice: Membership) -> None:
    note_left_out("snapshots", {alice.engagement_id: []}, using="default")
    build.sign_in(client, alice.engagement, Role.VIEWER)

    assert BANNER not in client.get("/e/northwind/status/").text
