"""Of an escalation clients read that it is bction under way, never the inner talk (M12)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from decisions.commands import record_release
from engagements.links import share_link_token
from engagements.models import Membership, ShareLink
from escalations.models import Cause, Escalation, Verdict
from okrs.models import KeyResult
from status.commands import publish_report
from status.drafts import draft_text
from status.models import Report
from status.schema import ReportText
from status.snapshots import build_snapshot
from tests import build
from tests.checkins.posting import at, post
from tests.query_counts import assert_constant_queries
from tests.reviews.running import OPENED as MONDAY
from tests.reviews.running import escalate
from tests.reviews.running import recovery_plan as plan
from tests.status.quarter import end_day, key_result, objective, week

STATUS = "/e/northwind/status/"
SINCE = "Action under way since 9\u00a0Mar"
WORDS = ReportText(headline="Red is looked after.", moved="", red="", decided="", next_steps="")


@pytest.fixture
def reader(client: Client, dana: Membership) -> Client:
    assert dana.user is not None
    client.force_login(dana.user)
    return client


@pytest.fixture
def row(alice: Membership) -> KeyResult:
    """Red for two weeks, and past being early."""
    found = key_result(objective(alice), "Accounts that expand")
    post(found, alice, actual=1, now=week(9))
    post(found, alice, actual=2, now=week(10))
    found.refresh_from_db()
    return found


def answered(row: KeyResult, **fields: Any) -> Escalation:
    """Active, its huddle set on Monday."""
    huddle = {
        "huddle_at": at("2026-03-11T08:15"),
        "huddle_set_by": row.owner,
        "huddle_set_at": None if fields.get("watched") else MONDAY,
    }
    return escalate(row, **{**huddle, **fields})


def test_a_client_reads_that_it_is_being_answered(reader: Client, row: KeyResult) -> None:
    answered(row)

    page = reader.get(STATUS).text

    assert page.count(SINCE) == 2  # beside the key result, and among what is red
    assert "next checkpoint" not in page


def test_with_a_plan_the_next_checkpoint_is_named(reader: Client, row: KeyResult) -> None:
    answered(row, **plan(row))

    page = reader.get(STATUS).text

    assert page.count(f"{SINCE}, next checkpoint 24\u00a0Mar") == 2


def test_a_checkpoint_that_is_over_is_named_no_more(reader: Client, row: KeyResult) -> None:
    over = plan(row, checkpoint_on=dt.date(2026, 3, 9))
    answered(row, **over, raised_at=at("2026-03-10T00:01"), raised_for="checkpoint")

    page = reader.get(STATUS).text

    assert SINCE in page
    assert "next checkpoint" not in page


def test_the_inner_talk_stays_inside(reader: Client, alice: Membership, row: KeyResult) -> None:
    answered(
        row,
        **plan(row, checkpoint_on=dt.date(2026, 3, 9)),
        raised_at=at("2026-03-10T00:01"),
        raised_for="checkpoint",
        verdict=Verdict.RESOURCES,
        verdict_note="Two more engineers",
        word_of="The chief executive",
        evidence_url="https://example.test/minutes",
    )

    page = reader.get(STATUS).text

    for inner in (
        "Borrow an engineer",
        "08:15",
        "uddle",
        "sponsor",
        "Two more engineers",
        "chief executive",
        "minutes",
        "scalat",
        "Ask for help",
    ):
        assert inner not in page, inner


@pytest.mark.parametrize(
    "fields",
    [
        {"watched": True},
        {"huddle_at": None, "huddle_set_by": None, "huddle_set_at": None},
        {"recovered_at": at("2026-03-10T09:00")},
    ],
    ids=["watched", "waits for its huddle", "recovered"],
)
def test_of_what_nobody_answers_nothing_is_said(
    reader: Client, row: KeyResult, fields: dict[str, Any]
) -> None:
    answered(row, **fields)

    assert "ction under way" not in reader.get(STATUS).text


def test_what_left_red_is_not_said_to_be_answered(
    reader: Client, alice: Membership, row: KeyResult
) -> None:
    answered(row)
    post(row, alice, actual=9)
    Escalation.objects.update(recovered_at=None)  # the sweep has not come by yet

    assert "ction under way" not in reader.get(STATUS).text


def test_an_earlier_day_says_what_stood_then(
    reader: Client, alice: Membership, row: KeyResult, clock: time_machine.Traveller
) -> None:
    engagement = alice.engagement
    end_day(engagement, "2026-03-08")
    answered(row)
    end_day(engagement, "2026-03-09")
    answered(row, **plan(row))
    end_day(engagement, "2026-03-10")
    answered(row, **plan(row), recovered_at=at("2026-03-12T18:00"))
    end_day(engagement, "2026-03-12")
    clock.move_to(at("2026-03-16T09:00"))

    pages = {day: reader.get(f"{STATUS}?as_of=2026-03-{day}").text for day in ("08", "09", 10, 12)}

    assert all("Accounts that expand" in page for page in pages.values())
    assert [("ction under way" in page) for page in pages.values()] == [False, True, True, False]
    assert f"{SINCE}</p>" in pages["09"]
    assert f"{SINCE}, next checkpoint 24\u00a0Mar</p>" in pages[10]


def decided(row: KeyResult, by: Membership, **fields: Any) -> Escalation:
    """Nobody set a huddle; the sponsor decided on Friday."""
    return escalate(
        row,
        raised_at=at("2026-03-11T10:00"),
        raised_for="no_plan",
        decided_at=at("2026-03-13T10:00"),
        decided_by=by,
        verdict=Verdict.STRATEGY,
        **fields,
    )


def test_what_the_sponsor_decided_is_being_answered_from_then_on(
    reader: Client, alice: Membership, row: KeyResult, clock: time_machine.Traveller
) -> None:
    end_day(alice.engagement, "2026-03-12")
    decided(row, alice)
    end_day(alice.engagement, "2026-03-13")
    clock.move_to(at("2026-03-16T09:00"))
    friday = "ction under way since 13\u00a0Mar"

    assert "ction under way" not in reader.get(f"{STATUS}?as_of=2026-03-12").text
    assert friday in reader.get(f"{STATUS}?as_of=2026-03-13").text
    assert friday in reader.get(STATUS).text


def test_of_a_later_streak_than_the_decided_one_nothing_is_said(
    reader: Client, alice: Membership, row: KeyResult, clock: time_machine.Traveller
) -> None:
    decided(row, alice, streak=dt.date(2026, 1, 5))
    long_ago = at("2025-11-12T09:00")
    Escalation.objects.filter(decided_at=None).update(
        streak=dt.date(2025, 11, 3), opened_at=long_ago, recovered_at=long_ago
    )
    clock.move_to(at("2026-03-16T09:00"))

    assert "ction under way" not in reader.get(STATUS).text


@pytest.mark.parametrize(
    ("watched", "said"),
    [
        (True, "1 is red. Scores are still low: the quarter is nine weeks old."),
        (False, "1 is red: Newly begun."),
    ],
)
def test_a_headline_calls_nothing_merely_early_that_is_escalated(
    reader: Client, alice: Membership, watched: bool, said: str
) -> None:
    early = key_result(objective(alice), "Newly begun", starts_on=dt.date(2026, 3, 1))
    post(early, alice, actual=2, confidence=4, now=week(10))
    early.refresh_from_db()
    escalate(early, watched=watched, **({} if watched else {"cause": Cause.BY_HAND}))

    page = reader.get(STATUS).text

    assert said in page
    assert "early, still on pace" in page  # of the forecast it is still true


def test_one_that_was_opened_again_is_silent_while_it_was_not_red(
    reader: Client, alice: Membership, row: KeyResult, clock: time_machine.Traveller
) -> None:
    """What recovered it on Wednesday was taken back on Thursday."""
    answered(row)
    end_day(alice.engagement, "2026-03-10")
    clock.move_to(at("2026-03-11T09:00"))
    post(row, alice, actual=9, now=at("2026-03-11T09:00"))
    end_day(alice.engagement, "2026-03-11")
    post(row, alice, actual=2, now=at("2026-03-12T09:00"))
    Escalation.objects.update(recovered_at=None)
    end_day(alice.engagement, "2026-03-12")
    clock.move_to(at("2026-03-16T09:00"))

    said = {day: SINCE in reader.get(f"{STATUS}?as_of=2026-03-{day}").text for day in (10, 11, 12)}

    assert said == {10: True, 11: False, 12: True}


def test_who_holds_a_share_link_reads_the_same(
    client: Client, alice: Membership, row: KeyResult
) -> None:
    answered(row, **plan(row))
    link: ShareLink = build.share(alice)

    page = client.get(f"/s/{share_link_token(link)}/").text

    assert page.count(f"{SINCE}, next checkpoint 24\u00a0Mar") == 2
    assert "Borrow an engineer" not in page


def test_a_published_page_keeps_it(reader: Client, alice: Membership, row: KeyResult) -> None:
    answered(row)
    publish_report(engagement=alice.engagement, words=WORDS, by=alice, now=timezone.now())
    Escalation.objects.update(recovered_at=timezone.now())

    assert SINCE in reader.get(f"{STATUS}reports/1/").text
    assert SINCE not in reader.get(STATUS).text


def test_a_page_that_was_published_before_there_were_escalations_still_reads(
    reader: Client, alice: Membership, row: KeyResult
) -> None:
    report = publish_report(engagement=alice.engagement, words=WORDS, by=alice, now=timezone.now())
    older = report.page
    rows = [
        one
        for cycle in older["cycles"]
        for block in cycle["blocks"]
        for one in block["key_results"]
    ]
    for one in (*rows, *older["reds"]):
        del one["answered"]
    release = record_release(report_hash="", by=alice, now=timezone.now())
    Report.objects.create(engagement=alice.engagement, release=release, page=older, **WORDS)

    page = reader.get(f"{STATUS}reports/2/")

    assert page.status_code == 200
    assert "Accounts that expand" in page.text


def test_the_draft_of_a_summary_says_it(alice: Membership, row: KeyResult) -> None:
    answered(row, **plan(row))

    words = draft_text(build_snapshot(alice.engagement, day=dt.date(2026, 3, 10), is_due=False))

    assert (
        words["red"]
        .replace("\u00a0", " ")
        .startswith(
            "1 key result is red: Accounts that expand. It has been red for 2 weeks,"
            " action under way since 9 Mar, next checkpoint 24 Mar."
        )
    )


def test_escalations_cost_no_query(reader: Client, alice: Membership, row: KeyResult) -> None:
    def ten_more() -> None:
        for number in range(10):
            more = key_result(row.objective, f"Result {number}")
            post(more, alice, actual=1, now=week(9))
            answered(more, **plan(more))

    assert_constant_queries(lambda: reader.get(STATUS), grow=ten_more, name="status-escalations")


def test_a_kept_page_is_sent_anew_once_it_is_answered(reader: Client, row: KeyResult) -> None:
    escalation = answered(row)
    known = {"If-None-Match": reader.get(STATUS).headers["ETag"]}

    Escalation.objects.filter(pk=escalation.pk).update(**plan(row))
    page = reader.get(STATUS, headers=known)

    assert page.status_code == 200
    assert "next checkpoint 24\u00a0Mar" in page.text
