from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from checkins.commands import undo_check_in
from checkins.models import Blocker, CheckIn, CheckInKind, HelpRequest
from engagements.models import Membership, Role
from okrs.models import KeyResult, Stage
from tests import build
from tests.checkins.posting import TUESDAY, post, refused

UNDO_FOR, SECOND = dt.timedelta(minutes=10), dt.timedelta(seconds=1)
SOON = TUESDAY + dt.timedelta(minutes=2)
WEEK = dt.timedelta(days=7)


def undo(check_in: CheckIn, by: Membership, *, now: dt.datetime = SOON) -> CheckIn:
    return undo_check_in(check_in=check_in, by=by, now=now)


def test_it_empties_a_period_that_had_nothing_before_until_someone_posts_again(
    onboarding: KeyResult, bob: Membership
) -> None:
    check_in = post(onboarding, bob, help_needed="A data person", blocker="No access")

    undone = undo(check_in, bob)
    onboarding.refresh_from_db()

    assert (undone.kind, undone.supersedes) == (CheckInKind.UNDO, check_in)
    assert (onboarding.score, onboarding.rag, onboarding.trail) == (None, "no_data", [])
    assert onboarding.stage == Stage.COMMITTED
    asked, blocked = HelpRequest.objects.get(), Blocker.objects.get()
    assert (asked.answer, asked.answered_at) == ("Taken back with its check-in.", SOON)
    assert blocked.resolved_by == bob

    again = post(onboarding, bob, actual=5)

    assert (again.period, again.supersedes) == (check_in.period, undone)
    assert CheckIn.objects.current().get() == again
    following = post(onboarding, bob, actual=8, now=TUESDAY + WEEK)
    undo(following, bob, now=TUESDAY + WEEK)
    onboarding.refresh_from_db()
    assert (onboarding.latest_value, onboarding.last_period) == (Decimal(5), check_in.period)


def test_it_restores_what_the_check_in_had_superseded_under_its_authors_name(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    post(onboarding, bob, actual=7, insight="As last week.")
    correction = post(onboarding, bob, actual=5)

    undone = undo(correction, alice)  # the lead
    onboarding.refresh_from_db()

    assert (undone.kind, undone.supersedes) == (CheckInKind.UPDATE, correction)
    assert (undone.actual, undone.score) == (Decimal(7), Decimal("0.40"))
    assert (undone.insight, undone.author) == ("As last week.", bob)
    assert (undone.undone_by, undone.posted_by) == (alice, alice)
    assert (correction.is_thin, undone.is_thin) == (False, True)  # M6.4
    assert onboarding.latest_value == 7


@pytest.mark.parametrize(
    ("script", "effective"),
    [
        pytest.param("p", [0], id="a-post"),
        pytest.param("pp", [0, 1], id="a-correction"),
        pytest.param("pu", [], id="undone"),
        pytest.param("pup", [2], id="undone-and-posted-again"),
        pytest.param("pupu", [], id="undone-twice"),
        pytest.param("ppu", [0], id="the-correction-undone"),
        pytest.param("ppup", [0, 3], id="corrected-again"),
        pytest.param("ppupu", [0], id="both-corrections-undone"),
    ],
)
def test_posts_are_effective_until_they_are_undone(
    onboarding: KeyResult, bob: Membership, script: str, effective: list[int]
) -> None:
    rows: list[CheckIn] = []
    for place, step in enumerate(script):
        now = TUESDAY + dt.timedelta(minutes=place)
        row = post(onboarding, bob, now=now) if step == "p" else undo(rows[-1], bob, now=now)
        rows.append(row)

    def found(now: dt.datetime) -> list[CheckIn]:
        return list(CheckIn.objects.effective(at=now).order_by("id"))

    assert found(rows[-1].posted_at) == [rows[place] for place in effective]
    assert found(TUESDAY) == rows[:1]


def test_it_refuses_all_but_author_and_leads_the_newest_ten_minutes_and_an_open_period(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    dora = build.member(onboarding.engagement, "Dora", Role.CHAMPION)
    first, second = post(onboarding, bob), post(onboarding, bob)
    assert refused(lambda: undo(second, dora)) == "no_right"
    assert refused(lambda: undo(second, bob, now=TUESDAY + WEEK)) == "period_closed"
    assert refused(lambda: undo(first, bob)) == "not_newest"
    assert refused(lambda: undo(second, bob, now=TUESDAY + UNDO_FOR)) == "too_late"

    undone = undo(second, bob, now=TUESDAY + UNDO_FOR - SECOND)
    assert refused(lambda: undo(second, alice)) == "not_newest"
    assert refused(lambda: undo(undone, alice)) == "is_undo"
    assert undo(second, bob) == undone  # the same person again gets the first undo

    post(onboarding, bob, actual=5)
    assert refused(lambda: undo(second, bob)) == "not_newest"
