"""Of an escalation clients read the plan with its date or the decision, never the inner talk (M12)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client

from engagements.links import share_link_token
from engagements.models import Membership
from escalations.models import Cause, Escalation, Verdict
from okrs.models import KeyResult
from status.commands import publish_report
from status.drafts import draft_text
from status.queries import snapshot_on
from status.schema import Page, ReportText
from tests import build
from tests.checkins.posting import TUESDAY, at, post, url
from tests.reviews.running import OPENED as MONDAY
from tests.reviews.running import escalate
from tests.reviews.running import recovery_plan as plan
from tests.status.quarter import end_day, key_result, objective, plain, rows_of, shown, week

STATUS = "/e/northwind/status/"
NO_PLAN = "no recovery plan yet"
SINCE = f"action under way since 9 Mar, {NO_PLAN}"
WITH_PLAN = "recovery plan, checkpoint 24 Mar"
FAILED = "recovery plan failed: still red at its checkpoint, 9 Mar"
UNSET = dict.fromkeys(("huddle_at", "huddle_set_by", "huddle_set_at"))
OVERDUE = {"checkpoint_on": dt.date(2026, 3, 9)}
RAISED = {"raised_at": at("2026-03-10T00:01"), "raised_for": "checkpoint"}
WORDS = ReportText(headline="Red is looked after.", moved="", red="", decided="", next_steps="")


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


def said(page: Page) -> str:
    """Return what the page says of the escalation, the same next to the key result and above."""
    (row,), (red,) = rows_of(page).values(), page["reds"]
    assert row["answered"] == red["answered"]
    return plain(row["answered"])


def said_on(lead: Membership, day: int) -> str:
    snapshot = snapshot_on(lead.engagement, day=dt.date(2026, 3, day))
    assert snapshot is not None
    rows = rows_of(snapshot.content)
    return plain(rows["Accounts that expand"]["answered"])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param({}, SINCE, id="M12-huddle-set"),
        pytest.param({"with": {}}, WITH_PLAN, id="M12-plan-recorded"),
        pytest.param({"with": OVERDUE, **RAISED}, FAILED, id="M12-plan-failed"),
        pytest.param({"with": OVERDUE}, FAILED, id="M12-plan-failed-before-the-sponsor-is-asked"),
        pytest.param({"raised_at": RAISED["raised_at"]}, NO_PLAN, id="M12-raised-without-a-plan"),
        pytest.param({"watched": True}, NO_PLAN, id="M12-watched"),
        pytest.param(UNSET, NO_PLAN, id="M12-waits-for-its-huddle"),
        pytest.param({"recovered_at": at("2026-03-10T09:00")}, NO_PLAN, id="M12-recovered"),
    ],
)
def test_clients_read_what_is_being_done_about_red(
    alice: Membership, row: KeyResult, fields: dict[str, Any], text: str
) -> None:
    fields = dict(fields)
    planned = plan(row, **fields.pop("with")) if "with" in fields else {}
    answered(row, **planned, **fields)

    assert said(shown(alice)) == text


@pytest.mark.parametrize("by_link", [False, True])
def test_clients_read_the_plan_and_the_decision_and_not_the_inner_talk(
    reader: Client, alice: Membership, row: KeyResult, by_link: bool
) -> None:
    answered(
        row,
        **plan(row),
        verdict=Verdict.RESOURCES,
        verdict_note="Two more engineers",
        word_of="The chief executive",
        evidence_url="https://example.test/minutes",
    )
    address = f"/s/{share_link_token(build.share(alice))}/" if by_link else STATUS

    page = (Client() if by_link else reader).get(address).text

    assert page.count("Recovery plan, checkpoint 24\u00a0Mar") == 2
    assert page.count("Borrow an engineer") == 1
    inner = ("08:15", "uddle", "sponsor", "Two more engineers")
    for word in (*inner, "chief executive", "minutes", "scalat", "Ask for help"):
        assert word not in page, word


def test_what_left_red_is_not_said_to_be_answered(alice: Membership, row: KeyResult) -> None:
    answered(row)
    post(row, alice, actual=9)
    Escalation.objects.update(recovered_at=None)  # the job has not run yet

    assert rows_of(shown(alice))["Accounts that expand"]["answered"] == ""


def test_an_earlier_day_says_what_was_so_then(alice: Membership, row: KeyResult) -> None:
    for day, fields in (
        ("2026-03-09", {}),
        ("2026-03-10", plan(row)),
        ("2026-03-12", {**plan(row), "recovered_at": at("2026-03-12T18:00")}),
    ):
        answered(row, **fields)
        end_day(alice.engagement, day)

    assert [said_on(alice, day) for day in (9, 10, 12)] == [SINCE, WITH_PLAN, NO_PLAN]


def test_one_that_was_opened_again_is_silent_while_it_was_not_red(
    alice: Membership, row: KeyResult, clock: time_machine.Traveller
) -> None:
    """What recovered it on Wednesday was undone on Thursday."""
    answered(row)
    end_day(alice.engagement, "2026-03-10")
    clock.move_to(at("2026-03-11T09:00"))
    post(row, alice, actual=9, now=at("2026-03-11T09:00"))
    end_day(alice.engagement, "2026-03-11")
    post(row, alice, actual=2, now=at("2026-03-12T09:00"))
    Escalation.objects.update(recovered_at=None)
    end_day(alice.engagement, "2026-03-12")

    assert [said_on(alice, day) for day in (10, 11, 12)] == [SINCE, "", SINCE]


@pytest.mark.parametrize(("streak", "text"), [({}, True), ({"streak": dt.date(2026, 1, 5)}, False)])
def test_a_decision_of_the_sponsor_counts_for_its_own_streak(
    alice: Membership, row: KeyResult, streak: dict[str, Any], text: bool
) -> None:
    """No one set a huddle; the sponsor decided on Friday."""
    escalate(
        row,
        raised_at=at("2026-03-11T10:00"),
        raised_for="no_plan",
        decided_at=at("2026-03-13T10:00"),
        decided_by=alice,
        verdict=Verdict.STRATEGY,
        **streak,
    )
    if streak:
        long_ago = at("2025-11-12T09:00")
        Escalation.objects.filter(decided_at=None).update(
            streak=dt.date(2025, 11, 3), opened_at=long_ago, recovered_at=long_ago
        )

    found = said(shown(alice, now=at("2026-03-16T09:00")))

    assert found == ("decided 13 Mar: change the strategy" if text else NO_PLAN)


@pytest.mark.parametrize(
    ("watched", "text"),
    [(True, "the quarter is nine weeks old."), (False, "1 is red and escalated: Newly begun.")],
)
def test_nothing_escalated_is_called_early(alice: Membership, watched: bool, text: str) -> None:
    early = key_result(objective(alice), "Newly begun", starts_on=dt.date(2026, 3, 1))
    post(early, alice, actual=2, confidence=4, now=week(10))
    early.refresh_from_db()
    escalate(early, watched=watched, cause="" if watched else Cause.BY_HAND)

    page = shown(alice)

    assert page["headline"].endswith(text)
    assert page["reds"][0]["since"] == "Early, on pace"  # its forecast has not changed
    assert rows_of(page)["Newly begun"]["standing"]["early"]


def test_a_published_page_keeps_it(reader: Client, alice: Membership, row: KeyResult) -> None:
    answered(row)
    publish_report(engagement=alice.engagement, words=WORDS, by=alice, now=TUESDAY)
    Escalation.objects.update(recovered_at=TUESDAY)

    found = [SINCE[1:] in plain(reader.get(f"{STATUS}{path}").text) for path in ("reports/1/", "")]

    assert found == [True, False]


def test_the_draft_of_a_summary_says_it(alice: Membership, row: KeyResult) -> None:
    answered(row, **plan(row))

    assert plain(draft_text(shown(alice))["red"]) == (
        "Accounts that expand is behind pace and has been red for two weeks."
        f" The shorter form did it. {WITH_PLAN[0].upper()}{WITH_PLAN[1:]}."
    )


def test_a_next_action_whose_day_has_passed_reads_overdue(
    reader: Client, alice: Membership, row: KeyResult, clock: time_machine.Traveller
) -> None:
    due_on = dt.date(2026, 3, 12)
    post(row, alice, actual=2, now=TUESDAY, next_action="Call them", next_action_due=due_on)

    texts = []
    for now in (TUESDAY, at("2026-03-13T09:00")):
        clock.move_to(now)
        build.log_in(inside := Client(), alice)
        for client, page in ((reader, STATUS), (inside, url("key-result-detail", row))):
            texts.append(" ".join(plain(client.get(page).text).split()))

    assert ["overdue since 12 Mar" in text for text in texts] == [False, False, True, True]
    assert ["by 12 Mar" in text for text in texts] == [True, True, False, False]
