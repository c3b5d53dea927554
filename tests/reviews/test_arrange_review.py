from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.commands import (
    add_item,
    move_item,
    park_item,
    start_review,
    unpark_item,
)
from tests import build
from tests.checkins.posting import TUESDAY, code, post
from tests.reviews.running import (
    checked,
    item,
    now_at,
    plan,
    run,
    three_red,
    titles,
)


@pytest.fixture
def rows(alice: Membership) -> list[KeyResult]:
    return three_red(alice)


def test_parking_the_current_item_moves_on_and_it_can_come_back(
    alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice)

    park_item(item=item(review, "One"), by=alice, now=TUESDAY)

    assert now_at(review) == "Two"
    assert item(review, "One").discussed_at is None
    unpark_item(item=item(review, "One"), by=alice, now=TUESDAY)
    assert item(review, "One").parked_at is None
    assert titles(review)[0] == "One"


def test_items_change_places_and_the_close_stays_last(
    alice: Membership, rows: list[KeyResult]
) -> None:
    review = plan(alice)
    last = "Closing questions"

    move_item(item=item(review, "Three"), up=True, by=alice, now=TUESDAY)
    move_item(item=item(review, "One"), up=True, by=alice, now=TUESDAY)
    move_item(item=item(review, "One"), up=False, by=alice, now=TUESDAY)

    assert titles(review) == ["Three", "One", "Two", last]
    for title, up in (("Two", False), (last, True)):
        with pytest.raises(ValidationError) as refused:
            move_item(item=item(review, title), up=up, by=alice, now=TUESDAY)
        assert code(refused.value) == "last"
    with pytest.raises(ValidationError):
        park_item(item=item(review, last), by=alice, now=TUESDAY)


def test_moving_passes_over_what_is_parked(alice: Membership, rows: list[KeyResult]) -> None:
    review = plan(alice)
    park_item(item=item(review, "Two"), by=alice, now=TUESDAY)

    move_item(item=item(review, "Three"), up=True, by=alice, now=TUESDAY)

    assert titles(review)[:3] == ["Three", "Two", "One"]


def test_an_item_is_added_before_the_close(alice: Membership, rows: list[KeyResult]) -> None:
    review = plan(alice)
    champion = build.member(alice.engagement, "Lena", Role.CHAMPION)

    added = add_item(review=review, title=" The  off-site ", minutes=4, by=champion, now=TUESDAY)

    assert titles(review)[-2:] == ["The off-site", "Closing questions"]
    assert (added.why, added.minutes, added.added_by) == ("added by Lena", 4, champion)


def test_an_item_about_a_key_result_has_its_screen_and_is_not_drawn_twice(
    alice: Membership, rows: list[KeyResult]
) -> None:
    (calm,) = build_calm(alice, rows)
    review = plan(alice)
    added = add_item(review=review, title="", minutes=4, key_result=calm, by=alice, now=TUESDAY)
    assert (added.title, added.facts["kind"]) == ("Calm", "key_result")

    post(calm, alice, actual="8.9", now=TUESDAY, confidence=1)
    start_review(review=review, by=alice, now=TUESDAY)

    assert titles(review).count("Calm") == 1


def build_calm(alice: Membership, rows: list[KeyResult]) -> list[KeyResult]:
    return [checked(build.live_key_result(rows[0].objective, title="Calm"), alice, "5", "5")]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 241}, "title"),
        ({"title": "Ours", "minutes": 0}, "minutes"),
        ({"title": "Ours", "minutes": 241}, "minutes"),
    ],
)
def test_what_is_amiss_with_an_item_is_said_at_its_field(
    alice: Membership, said: dict[str, object], field: str
) -> None:
    values = {"minutes": 5, **said}

    with pytest.raises(ValidationError) as refused:
        add_item(review=plan(alice), by=alice, now=TUESDAY, **values)  # type: ignore[arg-type]

    assert list(refused.value.error_dict) == [field]


def test_a_key_result_stands_on_an_agenda_once(alice: Membership, rows: list[KeyResult]) -> None:
    with pytest.raises(ValidationError) as refused:
        add_item(review=plan(alice), title="", minutes=5, key_result=rows[0], by=alice, now=TUESDAY)

    assert code(refused.value, field="key_result") == "there"
