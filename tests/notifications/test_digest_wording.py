"""Subject, headline and reason of a message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from accounts.models import User
from mail.delivery import MAX_SUBJECT
from notifications.digest import Digest, Entry, Section, headline, subject, why
from notifications.rules import DigestItem, NoticeRule, Noun

CHECK_IN = Noun("check-in", "check-ins", "to do")
KEY_RESULT = Noun("key result", "key results", "need a look")
PERSON = Noun("person", "people", "get no email")
TUESDAY = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)


def lines(
    noun: Noun, *states: str, label: str = "Late", why: str = "", title: str = "", news: str = ""
) -> list[Entry]:
    def describe(notices: Sequence[object], now: dt.datetime) -> dict[int, DigestItem]:
        return {}

    rule = NoticeRule(label=label, reason="own key results", noun=noun, describe=describe)
    return [
        Entry(
            item=DigestItem(
                heading="",
                title=title or f"Title {place}\r\nBcc: all@example.test",
                url="/",
                button="Open",
                about=f"{noun.one}:{place}",
                state=state,
                why=why,
                news=news,
            ),
            rule=rule,
        )
        for place, state in enumerate(states)
    ]


def envelope(*told: Sequence[Entry], clients: Sequence[str] = ("Northwind", "Harbor")) -> Digest:
    """An envelope of Tuesday with a section for each list of lines."""
    sections = [
        Section(client=name, entries=part) for name, part in zip(clients, told, strict=False)
    ]
    return Digest(reader=User(name="Ines"), now=TUESDAY, sections=sections)


LATE_AND_DUE = lines(CHECK_IN, "late", "late", "late", "due today by 12:00", "due today by 12:00")
RISKS = lines(KEY_RESULT, "at risk", "blocked")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (LATE_AND_DUE, "5 check-ins (3 late, 2 due today by 12:00)"),
        (LATE_AND_DUE[:3], "3 check-ins are late"),
        (LATE_AND_DUE[:1] + RISKS, "1 check-in is late, 2 key results (1 at risk, 1 blocked)"),
        (lines(CHECK_IN, "a", "b", "c", "d", "e"), "5 check-ins (1 a, 1 b, 1 c, 2 more)"),
    ],
)
def test_the_subject_of_a_digest_names_client_day_and_counts(
    told: list[Entry], expected: str
) -> None:
    assert subject(envelope(told), is_daily=True) == f"Northwind, Tue 10 Mar: {expected}"
    assert subject(envelope(told), is_daily=False) == f"Northwind: {expected}"


@pytest.mark.parametrize(
    ("client", "title", "news", "expected"),
    [
        (
            "Northwind",
            "95th-percentile API latency",
            "has been red for two weeks",
            "Northwind: 95th-percentile API latency has been red for two weeks",
        ),
        (
            "Northwind",
            "Days to value",
            "needs a check-in, due Mon\u00a016\u00a0Mar\u00a010:00",
            "Northwind: Days to value needs a check-in, due Mon 16 Mar 10:00",
        ),
        ("Northwind", "Days to value", "", "Northwind: Days to value (late)"),
        (
            "A\r\nBcc: x@example.test",
            "B\r\nTo: y@example.test",
            "is blocked",
            "A Bcc: x@example.test: B To: y@example.test is blocked",
        ),
    ],
)
def test_the_subject_of_one_item_names_client_and_item(
    client: str, title: str, news: str, expected: str
) -> None:
    told = lines(CHECK_IN, "late", title=title, news=news)

    assert subject(envelope(told, clients=[client]), is_daily=True) == expected


def test_a_long_name_or_title_is_shortened_so_that_the_news_stays() -> None:
    told = lines(CHECK_IN, "late", title="T" * 300, news="has been red for two weeks")

    found = subject(envelope(told, clients=["C" * 120]), is_daily=False)

    assert len(found) == MAX_SUBJECT
    assert found.startswith(f"{'C' * 39}…: TTT")
    assert found.endswith("T… has been red for two weeks")


def test_a_subject_names_two_clients_and_counts_more() -> None:
    parts = [LATE_AND_DUE[:1], RISKS[:1], RISKS[1:]]
    counted = "1 check-in is late, 2 key results (1 at risk, 1 blocked)"

    two = subject(envelope(parts[0], RISKS), is_daily=True)
    three = subject(envelope(*parts, clients=["A", "B", "C"]), is_daily=True)

    assert two == f"Northwind, Harbor, Tue 10 Mar: {counted}"
    assert three == f"3 clients, Tue 10 Mar: {counted}"


def test_a_subject_that_would_be_too_long_leaves_out_clients_then_counts() -> None:
    long = envelope(LATE_AND_DUE + RISKS, clients=["N" * 40])
    states = (f"in a state that has rather a long name {n}" for n in range(3))
    longer = envelope(LATE_AND_DUE + lines(KEY_RESULT, *states))

    assert subject(long, is_daily=True) == (
        "Tue 10 Mar: 5 check-ins (3 late, 2 due today by 12:00), 2 key results (1 at risk, 1 blocked)"
    )
    assert subject(longer, is_daily=True) == (
        "Tue 10 Mar: 5 check-ins (3 late, 2 due today by 12:00), 3 more"
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (LATE_AND_DUE, "5 check-ins to do: 3 late, 2 due today by 12:00."),
        (LATE_AND_DUE[:3], "3 check-ins are late."),
        (LATE_AND_DUE[:1], "1 check-in is late."),
        (
            LATE_AND_DUE[:1] + RISKS + lines(PERSON, "not reached by email"),
            "1 check-in is late. 2 key results need a look: 1 at risk, 1 blocked. More below.",
        ),
        (lines(CHECK_IN, *["late"] * 11), "11 check-ins are late."),
        (lines(CHECK_IN, "due Mon\u00a016\u00a0Mar"), "1 check-in is due Mon 16 Mar."),
    ],
)
def test_the_headline_counts(told: list[Entry], expected: str) -> None:
    assert headline(told) == expected


def test_it_says_why_it_came_once_for_each_reason_and_rule() -> None:
    told = [
        *lines(CHECK_IN, "late", "late"),
        *lines(CHECK_IN, "due", label="Due soon"),
        *lines(KEY_RESULT, "at risk", label="At risk or blocked (Friday)", why="own the objective"),
    ]

    assert why(told) == (
        "You get this because you own key results and own the objective"
        " (rules: late, due soon, at risk or blocked (Friday))."
    )


def test_no_title_reaches_headline_and_reason() -> None:
    assert "Bcc" not in headline(LATE_AND_DUE) + why(LATE_AND_DUE)
