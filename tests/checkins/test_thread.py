from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checkins.commands import answer_help_request, resolve_blocker, undo_check_in
from checkins.models import Blocker, HelpRequest
from checkins.periods import Timeliness
from checkins.queries.thread import ThreadEntry
from engagements.models import Membership, Role
from okrs.charts import history_chart
from okrs.models import Collaborator, KeyResult
from tests import build
from tests.checkins.posting import TUESDAY, at, code, page_of, post


def thread(key_result: KeyResult, now: dt.datetime = TUESDAY) -> dict[str, ThreadEntry]:
    page = page_of(key_result, now=now)
    return {entry.period.isoformat(): entry for entry in page.thread}


def test_the_thread_has_the_newest_on_top_and_gaps_where_periods_were_missed(
    onboarding: KeyResult, bob: Membership
) -> None:
    """M4.1."""
    post(onboarding, bob, now=at("2026-02-17T09:00"))
    post(onboarding, bob)

    page = page_of(onboarding, now=TUESDAY)

    assert [(entry.period.day, entry.is_missed) for entry in page.thread[:4]] == [
        (9, False),
        (2, True),
        (23, True),
        (16, False),
    ]
    assert (page.check_ins, page.missed) == (2, 8)


def test_nothing_is_missed_before_the_commit(onboarding: KeyResult) -> None:
    onboarding.committed_at = at("2026-02-26T12:00")
    onboarding.save(update_fields=["committed_at"])

    assert list(thread(onboarding)) == ["2026-03-02"]


def test_an_open_period_is_no_gap_yet(onboarding: KeyResult) -> None:
    assert "2026-03-09" not in thread(onboarding)


def test_superseded_check_ins_fold_under_the_one_that_counts(
    onboarding: KeyResult, bob: Membership
) -> None:
    first, second, third = (post(onboarding, bob, actual=value) for value in (7, 6, 5))

    entry = thread(onboarding)["2026-03-09"]

    assert (entry.current, list(entry.earlier)) == (third, [second, first])


def test_a_check_in_that_was_taken_back_stays_readable(
    onboarding: KeyResult, bob: Membership
) -> None:
    check_in = post(onboarding, bob)
    undo = undo_check_in(check_in=check_in, by=bob, now=TUESDAY)

    entry = thread(onboarding)["2026-03-09"]

    assert (entry.current, list(entry.earlier)) == (None, [undo, check_in])
    assert not entry.is_missed


def test_a_correction_after_the_due_time_makes_nothing_late(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, now=at("2026-03-09T09:00"))
    post(onboarding, bob, now=TUESDAY)

    assert thread(onboarding)["2026-03-09"].timeliness is Timeliness.ON_TIME


def test_a_post_after_the_due_time_is_late_also_where_an_earlier_one_was_taken_back(
    onboarding: KeyResult, bob: Membership
) -> None:
    early = at("2026-03-09T09:00")
    undo_check_in(check_in=post(onboarding, bob, now=early), by=bob, now=early)
    post(onboarding, bob, now=TUESDAY)

    assert thread(onboarding)["2026-03-09"].is_late


@pytest.mark.parametrize(
    "settings",
    [
        {"due_weekday": 4, "due_time": dt.time(17)},
        {"cadence": "biweekly"},
        {"cadence": "monthly"},
        {"time_zone": "Asia/Tokyo"},
    ],
)
def test_new_settings_leave_what_was_posted_as_it_was(
    onboarding: KeyResult, bob: Membership, settings: dict[str, Any]
) -> None:
    post(onboarding, bob, now=at("2026-02-16T09:55"))
    post(onboarding, bob, now=at("2026-02-24T09:00"))

    for name, value in settings.items():
        setattr(onboarding.engagement, name, value)
    onboarding.engagement.save(update_fields=list(settings))

    found = thread(onboarding)
    assert found["2026-02-16"].timeliness is Timeliness.ON_TIME
    assert found["2026-02-23"].timeliness is Timeliness.LATE


def test_which_periods_were_missed_follows_the_rhythm_as_it_is(onboarding: KeyResult) -> None:
    onboarding.engagement.cadence = "biweekly"
    onboarding.engagement.save(update_fields=["cadence"])

    assert list(thread(onboarding))[:2] == ["2026-02-16", "2026-02-02"]


def test_a_period_that_was_emptied_and_closed_is_missed(
    onboarding: KeyResult, bob: Membership
) -> None:
    check_in = post(onboarding, bob)
    undo_check_in(check_in=check_in, by=bob, now=TUESDAY)

    assert thread(onboarding, now=at("2026-03-17T09:00"))["2026-03-09"].is_missed


def test_a_gap_after_red_counts_as_red(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, actual=9, now=at("2026-02-03T09:00"))
    post(onboarding, bob, actual=5, now=at("2026-02-17T09:00"))

    found = thread(onboarding)

    assert [found[day].counts_red for day in ("2026-01-26", "2026-02-09", "2026-02-23")] == [
        False,
        True,
        False,
    ]


def test_open_asks_are_shown_until_they_are_dealt_with(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, help_needed="A data person", blocker="No access")
    page = page_of(onboarding, now=TUESDAY)
    (asked,), (blocked,) = page.help_requests, page.blockers

    answer_help_request(help_request=asked, answer="Lena", by=bob, now=TUESDAY)
    resolve_blocker(blocker=blocked, by=bob, now=TUESDAY)
    page = page_of(onboarding, now=TUESDAY)

    assert (asked.text, blocked.text) == ("A data person", "No access")
    assert (page.help_requests, page.blockers) == ([], [])


def test_the_card_says_how_it_stands(onboarding: KeyResult, bob: Membership) -> None:
    dora = build.member(bob.engagement, "Dora")
    Collaborator.objects.create(engagement=bob.engagement, key_result=onboarding, member=dora)
    post(onboarding, bob, actual=8)

    page = page_of(onboarding, now=TUESDAY)

    assert (page.week, page.weeks, page.assessment.pace) == (10, 13, Decimal("0.76"))
    assert page.assessment.explanation == "(8 − 9) ÷ (4 − 9) = 0.20, red to 0.30"
    assert page.prompt is not None
    assert page.prompt.due_at == TUESDAY + dt.timedelta(hours=48)
    assert page.collaborators == [dora]


def test_the_chart_has_a_point_per_check_in_and_a_hole_per_gap(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=7, now=at("2026-02-24T09:00"))
    post(onboarding, bob, actual=6)

    history = page_of(onboarding, now=TUESDAY).history

    assert list(history.readings[-3:]) == [
        (dt.date(2026, 2, 24), Decimal(7)),  # when it was measured
        (dt.date(2026, 3, 2), None),  # the Monday of what was missed
        (dt.date(2026, 3, 10), Decimal(6)),
    ]
    assert (history.start, history.goal) == (Decimal(9), Decimal(4))
    assert history.today == dt.date(2026, 3, 10)
    assert history_chart(history).trace == ""


def test_the_chart_keeps_days_in_order(onboarding: KeyResult, bob: Membership) -> None:
    saturday = at("2026-03-14T09:00")  # two periods are open
    older = post(onboarding, bob, actual=7, now=saturday, measured_on=dt.date(2026, 3, 12))
    newer = post(onboarding, bob, actual=6, now=saturday, measured_on=dt.date(2026, 3, 11))

    history = page_of(onboarding, now=saturday).history

    assert older.period < newer.period
    assert history.measured == [
        (dt.date(2026, 3, 11), Decimal(6)),
        (dt.date(2026, 3, 12), Decimal(7)),
    ]


def test_a_ladder_gives_the_chart_its_rungs(onboarding: KeyResult) -> None:
    ladder = build.live_key_result(
        onboarding.objective, method="ladder", ladder=[["4", "1.0"], ["6", "0.7"]]
    )

    history = page_of(ladder, now=TUESDAY).history

    assert list(history.rungs) == [(Decimal(4), "1.00"), (Decimal(6), "0.70")]


def test_it_takes_five_queries_however_long_the_thread(
    onboarding: KeyResult, bob: Membership
) -> None:
    for days in range(0, 63, 7):
        now = at("2026-01-06T09:00") + dt.timedelta(days=days)
        asks = {"help_needed": f"A data person, {now:%d %b}", "blocker": f"No access, {now:%d %b}"}
        post(onboarding, bob, now=now, **asks)

    onboarding.engagement = bob.engagement  # the gate has read it
    with CaptureQueriesContext(connection) as captured:
        page = page_of(onboarding, now=TUESDAY)
        read = [
            *(entry.current.author.name for entry in page.thread if entry.current),
            *(one.asked_by.name for one in page.help_requests),
            *(one.opened_by.name for one in page.blockers),
            page.key_result.objective.cycle.name,
            page.key_result.objective.owner.name,
        ]

    assert len(read) == 3 * 9 + 2
    assert len(captured) == 5


@pytest.fixture
def asked(onboarding: KeyResult, bob: Membership) -> HelpRequest:
    return HelpRequest.objects.get(
        check_in=post(onboarding, bob, help_needed="A data person", blocker="No access")
    )


@pytest.fixture
def blocked(asked: HelpRequest) -> Blocker:
    return Blocker.objects.get(check_in=asked.check_in)


def test_an_answer_closes_the_ask(asked: HelpRequest, alice: Membership) -> None:
    answer_help_request(help_request=asked, answer=" Lena from Monday ", by=alice, now=TUESDAY)
    asked.refresh_from_db()

    assert (asked.answer, asked.answered_by, asked.answered_at) == (
        "Lena from Monday",
        alice,
        TUESDAY,
    )


def test_an_answer_needs_words(asked: HelpRequest, alice: Membership) -> None:
    with pytest.raises(ValidationError) as refused:
        answer_help_request(help_request=asked, answer=" ", by=alice, now=TUESDAY)

    assert code(refused.value, field="answer") == "required"


def test_an_ask_is_answered_once(asked: HelpRequest, alice: Membership, bob: Membership) -> None:
    answer_help_request(help_request=asked, answer="Lena", by=alice, now=TUESDAY)

    with pytest.raises(ValidationError) as refused:
        answer_help_request(help_request=asked, answer="Tom", by=bob, now=TUESDAY)

    assert code(refused.value) == "answered"


def test_a_blocker_is_resolved_once(blocked: Blocker, alice: Membership) -> None:
    resolve_blocker(blocker=blocked, by=alice, now=TUESDAY)
    blocked.refresh_from_db()

    with pytest.raises(ValidationError) as refused:
        resolve_blocker(blocker=blocked, by=alice, now=TUESDAY)

    assert (blocked.resolved_by, blocked.resolved_at) == (alice, TUESDAY)
    assert code(refused.value) == "resolved"


def test_a_viewer_answers_and_resolves_nothing(asked: HelpRequest, blocked: Blocker) -> None:
    viewer = build.member(asked.engagement, "Charlie", Role.VIEWER)

    with pytest.raises(ValidationError, match="have permission to do this"):
        answer_help_request(help_request=asked, answer="Lena", by=viewer, now=TUESDAY)
    with pytest.raises(ValidationError, match="have permission to do this"):
        resolve_blocker(blocker=blocked, by=viewer, now=TUESDAY)
