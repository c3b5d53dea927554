from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from checkins.commands import undo_check_in
from checkins.models import Blocker, CheckIn, CheckInKind, HelpRequest
from engagements.models import Membership, Role
from okrs.models import KeyResult, Stage
from tests import build
from tests.checkins.posting import TUESDAY, code, post

SOON = TUESDAY + dt.timedelta(minutes=2)
LAST_TUESDAY = TUESDAY - dt.timedelta(days=7)


def refusal(check_in: CheckIn, by: Membership, *, now: dt.datetime = SOON) -> str:
    with pytest.raises(ValidationError) as refused:
        undo_check_in(check_in=check_in, by=by, now=now)
    return code(refused.value)


def test_it_empties_a_period_that_had_nothing_before(
    onboarding: KeyResult, bob: Membership
) -> None:
    check_in = post(onboarding, bob)

    undo = undo_check_in(check_in=check_in, by=bob, now=SOON)
    onboarding.refresh_from_db()

    assert (undo.kind, undo.supersedes) == (CheckInKind.UNDO, check_in)
    assert (onboarding.score, onboarding.rag, onboarding.trail) == (None, "no_data", [])
    assert onboarding.stage == Stage.COMMITTED


def test_the_standing_falls_back_to_the_period_before(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=8, now=LAST_TUESDAY)
    check_in = post(onboarding, bob, actual=5)

    undo_check_in(check_in=check_in, by=bob, now=SOON)
    onboarding.refresh_from_db()

    assert (onboarding.latest_value, onboarding.rag) == (Decimal(8), "red")
    assert onboarding.last_period == onboarding.red_since == dt.date(2026, 3, 2)


def test_it_brings_back_what_the_check_in_had_superseded(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=7, insight="The first thought.")
    correction = post(onboarding, bob, actual=5)

    undo = undo_check_in(check_in=correction, by=bob, now=SOON)
    onboarding.refresh_from_db()

    assert (undo.kind, undo.supersedes) == (CheckInKind.UPDATE, correction)
    assert (undo.actual, undo.score, undo.insight) == (
        Decimal(7),
        Decimal("0.40"),
        "The first thought.",
    )
    assert onboarding.latest_value == 7


def test_an_undo_cannot_be_undone(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    post(onboarding, bob, actual=7)
    undo = undo_check_in(check_in=post(onboarding, bob, actual=5), by=bob, now=SOON)

    assert refusal(undo, alice) == refusal(undo, bob) == "is_undo"

    post(onboarding, bob, actual=5, now=SOON)
    assert CheckIn.objects.current().get().actual == 5


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
    rows = []
    for place, step in enumerate(script):
        now = TUESDAY + dt.timedelta(minutes=place)
        if step == "p":
            rows.append(post(onboarding, bob, now=now))
        else:
            rows.append(undo_check_in(check_in=rows[-1], by=bob, now=now))

    def found(now: dt.datetime) -> list[CheckIn]:
        return list(CheckIn.objects.effective(at=now).order_by("id"))

    assert found(rows[-1].posted_at) == [rows[place] for place in effective]
    assert found(TUESDAY) == rows[:1]


def test_an_emptied_period_is_filled_again_in_the_same_chain(
    onboarding: KeyResult, bob: Membership
) -> None:
    undo = undo_check_in(check_in=post(onboarding, bob), by=bob, now=SOON)

    again = post(onboarding, bob, actual=5)

    assert (again.period, again.supersedes) == (dt.date(2026, 3, 9), undo)
    assert CheckIn.objects.current().get() == again
    assert undo_check_in(check_in=again, by=bob, now=SOON).kind == CheckInKind.UNDO


def test_what_it_asked_for_is_closed_with_it(onboarding: KeyResult, bob: Membership) -> None:
    check_in = post(onboarding, bob, help_needed="A data person", blocker="No access")

    undo_check_in(check_in=check_in, by=bob, now=SOON)

    asked, blocked = HelpRequest.objects.get(), Blocker.objects.get()
    assert (asked.answer, asked.answered_at) == ("Taken back with its check-in.", SOON)
    assert blocked.resolved_by == bob


def test_a_lead_may_undo_and_restored_words_stay_their_authors(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    post(onboarding, bob, insight="Paper forms take nine days.")
    correction = post(onboarding, bob, insight="It is the weather.")

    undo = undo_check_in(check_in=correction, by=alice, now=SOON)

    assert (undo.insight, undo.author) == ("Paper forms take nine days.", bob)
    assert (undo.undone_by, undo.posted_by) == (alice, alice)


def test_it_refuses_all_but_author_and_leads(onboarding: KeyResult, bob: Membership) -> None:
    dora = build.member(onboarding.engagement, "Dora", Role.CHAMPION)

    assert refusal(post(onboarding, bob), dora) == "no_right"


def test_it_refuses_all_but_the_newest(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    first, second = post(onboarding, bob), post(onboarding, bob)
    assert refusal(first, bob) == "not_newest"

    undo_check_in(check_in=second, by=bob, now=SOON)
    assert refusal(second, alice) == "not_newest"

    post(onboarding, bob, actual=5)
    assert refusal(second, bob) == "not_newest"


def test_the_same_person_again_gets_the_first_undo(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, actual=7)
    correction = post(onboarding, bob, actual=5)
    first = undo_check_in(check_in=correction, by=bob, now=SOON)

    assert undo_check_in(check_in=correction, by=bob, now=SOON) == first


def test_it_refuses_once_the_period_is_closed(onboarding: KeyResult, bob: Membership) -> None:
    week = dt.timedelta(days=7)

    assert refusal(post(onboarding, bob), bob, now=TUESDAY + week) == "period_closed"


def test_a_thin_one_that_is_put_back_is_thin_again(onboarding: KeyResult, bob: Membership) -> None:
    thin = post(onboarding, bob, insight="As last week.")
    full = post(onboarding, bob)

    undo = undo_check_in(check_in=full, by=bob, now=SOON)

    assert (thin.is_thin, full.is_thin, undo.is_thin) == (True, False, True)
