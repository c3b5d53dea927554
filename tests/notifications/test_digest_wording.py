"""How an envelope is summed up: counted, never quoting people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from notifications.digest.reading import Line
from notifications.digest.wording import headline, subject, why
from notifications.rules import Item, NoticeRule, Noun

CHECK_IN = Noun("check-in", "check-ins", "waits for you", "wait for you")
KEY_RESULT = Noun("key result", "key results", "needs a look", "need a look")
PERSON = Noun("person", "people", "is", "are")


def lines(noun: Noun, *states: str, label: str = "Late", why: str = "") -> list[Line]:
    def describe(notices: Sequence[object], now: dt.datetime) -> dict[int, Item]:
        return {}

    rule = NoticeRule(label=label, reason="answer for key results", noun=noun, describe=describe)
    return [
        Line(
            item=Item(
                heading="",
                title=f"Title {place}\r\nBcc: all@example.test",
                url="/",
                button="Open",
                about=f"{noun.one}:{place}",
                state=state,
                why=why,
            ),
            rule=rule,
        )
        for place, state in enumerate(states)
    ]


LATE_AND_DUE = lines(CHECK_IN, "late", "late", "late", "due today by 12:00", "due today by 12:00")
RISKS = lines(KEY_RESULT, "at risk", "blocked")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (LATE_AND_DUE, "5 check-ins: 3 late, 2 due today by 12:00"),
        (LATE_AND_DUE[:3], "3 check-ins late"),
        (LATE_AND_DUE[:1], "1 check-in late"),
        (LATE_AND_DUE[:1] + RISKS, "1 check-in late; 2 key results: 1 at risk, 1 blocked"),
        (lines(PERSON, "out of reach"), "1 person out of reach"),
        (lines(CHECK_IN, "a", "b", "c", "d", "e"), "5 check-ins: 1 a, 1 b, 1 c, 2 more"),
    ],
)
def test_the_subject_counts(told: list[Line], expected: str) -> None:
    assert subject(told) == expected


def test_a_subject_that_would_be_too_long_counts_the_rest_together() -> None:
    many = lines(KEY_RESULT, *(f"in a state that has rather a long name {n}" for n in range(3)))

    assert subject(LATE_AND_DUE + many) == "5 check-ins: 3 late, 2 due today by 12:00; 3 more"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            LATE_AND_DUE,
            "Five check-ins wait for you: three late, two due today by 12:00.",
        ),
        (LATE_AND_DUE[:3], "Three check-ins are late."),
        (LATE_AND_DUE[:1], "One check-in is late."),
        (
            LATE_AND_DUE[:1] + RISKS + lines(PERSON, "out of reach"),
            (
                "One check-in is late. Two key results need a look: one at risk, one blocked."
                " There is more below."
            ),
        ),
        (lines(CHECK_IN, *["late"] * 11), "11 check-ins are late."),
    ],
)
def test_the_headline_says_it(told: list[Line], expected: str) -> None:
    assert headline(told) == expected


def test_it_says_why_it_came_once_for_each_reason_and_rule() -> None:
    told = [
        *lines(CHECK_IN, "late", "late"),
        *lines(CHECK_IN, "due", label="Due soon"),
        *lines(KEY_RESULT, "at risk", label="At risk or blocked (Friday)", why="own the objective"),
    ]

    assert why(told) == (
        "You get this because you answer for key results and own the objective"
        " (rules: late, due soon, at risk or blocked (Friday))."
    )


def test_no_word_of_a_person_reaches_the_subject() -> None:
    assert "Bcc" not in subject(LATE_AND_DUE) + headline(LATE_AND_DUE) + why(LATE_AND_DUE)


def test_moments_may_break_in_a_headline() -> None:
    assert subject(lines(CHECK_IN, "due Mon\u00a016\u00a0Mar\u00a010:00")) == (
        "1 check-in due Mon 16 Mar 10:00"
    )
