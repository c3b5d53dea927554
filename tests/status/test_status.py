"""The page that clients read: today's, an earlier one, and what a browser keeps of it."""

from __future__ import annotations

import datetime as dt

import time_machine
from django.test import Client

from engagements.models import Membership
from status.commands import publish_report
from status.schema import ReportText
from tests import build
from tests.checkins.posting import TUESDAY, at, post
from tests.query_counts import assert_constant_queries, queries_of
from tests.reviews.meeting import close, decide, planned
from tests.reviews.running import escalate, recovery_plan
from tests.status.quarter import end_day, key_result, objective, week

STATUS = "/e/northwind/status/"


def test_a_client_reads_the_state_of_their_objectives(reader: Client, alice: Membership) -> None:
    metric = build.metric(alice.engagement, unit="percent")
    row = key_result(objective(alice), "Accounts that expand", metric=metric)
    post(row, alice, actual=1, confidence=4, now=week(9))
    post(row, alice, actual=2, confidence=4, now=week(10))

    page = reader.get(STATUS)

    assert page.status_code == 200
    for words in (
        "Status on 10 March 2026",
        "2026-Q1, week 10 of 13, 21 days left",
        "The only key result is behind pace and red: Accounts that expand.",
        "Last check-in 9\u00a0Mar\u00a02026,\u00a009:00 Berlin time",
        "since the start",
        "0 → <strong>2%</strong>",
        "The shorter form did it.",
        "Roll the form out to all stores",
        "Confidence 4 of 5",
        "pace 0.76",
        "Behind pace, red for two weeks",
        "so far (Red)",
        "or that the due date has passed and its last value is not in yet.",
    ):
        assert words in page.text


def test_texts_of_people_are_escaped(reader: Client, alice: Membership) -> None:
    row = key_result(objective(alice, title="<b>Bold</b>"), "<script>alert(1)</script>")
    post(row, alice, insight="<img src=x>", next_action="<i>", now=week(10))

    page = reader.get(STATUS).text

    for raw in ("<b>Bold", "<script>alert", "<img src=x", "<i>"):
        assert raw not in page


def test_its_queries_do_not_grow(reader: Client, alice: Membership) -> None:
    goal = objective(alice)

    def add(number: int) -> None:
        row = key_result(goal, f"Result {number}")
        post(row, alice, actual=1, now=week(9))
        row.refresh_from_db()
        escalate(row, **recovery_plan(row))

    assert_constant_queries(lambda: reader.get(STATUS), add=add, name="status")


def test_a_page_that_did_not_change_is_not_sent_again(reader: Client, alice: Membership) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    first = reader.get(STATUS)
    known = {"If-None-Match": first.headers["ETag"]}

    sent = queries_of(lambda: reader.get(STATUS, headers=known))
    again = reader.get(STATUS, headers=known)
    post(row, alice, actual=5)
    changed = reader.get(STATUS, headers=known)

    assert first.headers["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert len(sent) == 1 + 1  # the membership, and the user
    assert changed.status_code == 200
    assert "5" in changed.text


def test_a_cached_page_is_renewed_when_a_card_turns_late(
    reader: Client, alice: Membership, clock: time_machine.Traveller
) -> None:
    key_result(objective(alice), "Accounts that expand")
    clock.move_to(at("2026-03-16T09:59"))
    known = {"If-None-Match": reader.get(STATUS).headers["ETag"]}

    clock.move_to(at("2026-03-16T10:01"))
    page = reader.get(STATUS, headers=known)

    assert page.status_code == 200
    assert "Check-in late since Mon\u00a016\u00a0Mar\u00a010:00" in page.text


def test_two_readers_share_no_cached_page(reader: Client, alice: Membership) -> None:
    known = {"If-None-Match": reader.get(STATUS).headers["ETag"]}
    build.log_in(reader, alice)

    assert reader.get(STATUS, headers=known).status_code == 200


def test_an_earlier_day_is_the_last_page_stored_by_then(reader: Client, alice: Membership) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    post(row, alice, actual=2, insight="As it began.", now=week(4))
    end_day(alice.engagement, "2026-02-20")
    post(row, alice, actual=5, insight="As it is.", now=week(10))

    same, later, before = (reader.get(f"{STATUS}?as_of=2026-02-{day}") for day in (20, 22, 19))

    for page in (same, later):
        assert "Status on 20 February 2026" in page.text
        assert ("As it began." in page.text, "As it is." in page.text) == (True, False)
    assert "This is the page at the end of 20 February 2026." in same.text
    assert "There is no page of 22 February 2026." in later.text
    assert (before.status_code, "No page yet on that day" in before.text) == (404, True)
    assert "Accounts that expand" not in before.text


def test_a_day_that_is_none_is_refused_with_the_page(reader: Client, alice: Membership) -> None:
    key_result(objective(alice), "Accounts that expand")

    days = ("soon", "0001-01-01", "0001-W01-1", "1899-12-31", "2026-03-11", "9999-12-31")
    *none, ahead, last = (reader.get(f"{STATUS}?as_of={day}") for day in days)

    assert {page.status_code for page in (*none, ahead, last)} == {422}
    assert all("Enter a date, for example 2026-03-31." in page.text for page in none)
    assert all("This day is in the future." in page.text for page in (ahead, last))
    assert all("Accounts that expand" in page.text for page in (*none, ahead, last))


def test_owners_are_named_unless_the_lead_switches_their_names_off(
    reader: Client, alice: Membership, clock: time_machine.Traveller
) -> None:
    olga, oscar = build.member(alice.engagement, "Olga"), build.member(alice.engagement, "Oscar")
    goal = objective(olga)
    for title in ("Accounts that expand", "Accounts that stay"):
        post(key_result(goal, title, owner_id=oscar.pk), alice, actual=1, now=week(9))
    review = planned(alice)
    decide(review, alice, "Keep the price.", owner=olga, client_visible=True)
    words = ReportText(headline="Q1", moved="", red="", decided="", next_steps="")
    here = alice.engagement
    publish_report(engagement=here, words=words, by=alice, now=TUESDAY, review=close(review))
    addresses = [STATUS]
    for day in ("2026-03-10", "2026-03-11"):
        end_day(alice.engagement, day)
        addresses.append(f"{STATUS}?as_of={day}")
    clock.move_to(TUESDAY + dt.timedelta(days=2))

    named = [reader.get(address).text for address in addresses]
    build.change(alice.engagement, shows_owners=False, version=2)
    unnamed = [reader.get(address).text for address in addresses]

    for page in named:
        assert all(words in page for words in ("Olga", "Oscar", "Keep the price"))
    for page in unnamed:
        assert "Accounts that expand" in page
        assert not any(name in page for name in ("Olga", "Oscar"))
