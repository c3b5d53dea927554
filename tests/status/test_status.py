from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from engagements.models import Engagement, Membership
from status.commands import publish_report
from status.schema import ReportText
from tests import build
from tests.checkins.posting import TUESDAY, at, post
from tests.query_counts import assert_constant_queries, queries_of
from tests.reviews.meeting import close, decide, planned
from tests.status.quarter import end_day, key_result, objective, week


@pytest.fixture
def reader(client: Client, dana: Membership) -> Client:
    assert dana.user is not None
    client.force_login(dana.user)
    return client


def test_a_client_reads_where_it_stands(reader: Client, alice: Membership) -> None:
    metric = build.metric(alice.engagement, unit="percent")
    row = key_result(objective(alice), "Accounts that expand", metric=metric)
    post(row, alice, actual=1, confidence=4, now=week(9))
    post(row, alice, actual=2, confidence=4, now=week(10))

    page = reader.get("/e/northwind/status/")

    assert page.status_code == 200
    for words in (
        "Status on 10 March 2026",
        "2026-Q1, week 10 of 13, 21 days left",
        "The only key result is behind pace. 1 is red: Accounts that expand.",
        "Last check-in 9\u00a0Mar\u00a02026,\u00a009:00\u00a0CET",
        "since the start",
        "0 → <strong>2\u00a0%</strong>",
        "Accounts that expand",
        "The shorter form did it.",
        "Roll the form out to all stores",
        "Confidence 4 of 5",
        "pace 0.76",
        "Red for 2 weeks",
        "<dt>On pace today</dt>",
        "the target by the due date",
        "0 of 1",
    ):
        assert words in page.text


def test_its_queries_do_not_grow(reader: Client, alice: Membership) -> None:
    goal = objective(alice)
    for number in range(10):
        post(key_result(goal, f"Result {number}"), alice, actual=number, now=week(9))

    def ten_more() -> None:
        for number in range(10):
            post(key_result(goal, f"Result {number + 10}"), alice, actual=number, now=week(9))

    assert_constant_queries(
        lambda: reader.get("/e/northwind/status/"), grow=ten_more, name="status"
    )


def test_a_page_that_did_not_change_is_not_sent_again(reader: Client, alice: Membership) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    first = reader.get("/e/northwind/status/")
    known = {"If-None-Match": first.headers["ETag"]}

    sent = queries_of(lambda: reader.get("/e/northwind/status/", headers=known))
    again = reader.get("/e/northwind/status/", headers=known)
    post(row, alice, actual=5)
    changed = reader.get("/e/northwind/status/", headers=known)

    assert first.headers["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert len(sent) == 1 + 1  # the membership, and the user
    assert changed.status_code == 200
    assert "5" in changed.text


def test_early_reds_are_told_apart_in_the_same_weight(reader: Client, alice: Membership) -> None:
    late_start = {"starts_on": dt.date(2026, 3, 1)}
    row = key_result(objective(alice), "Newly begun", **late_start)
    post(row, alice, actual=2, confidence=4, now=week(10))

    page = reader.get("/e/northwind/status/").text

    assert (
        "The only key result is on pace. 1 is red. Scores are still low: the quarter is nine weeks old."
        in page
    )
    assert '<p class="early">Early, still on pace</p>' in page
    assert '<span class="early">early, still on pace</span>' in page


def test_forecasts_are_counted_among_those_that_are_known(
    reader: Client, alice: Membership
) -> None:
    goal = objective(alice)
    post(key_result(goal, "On its way"), alice, actual=9, confidence=4, now=week(10))
    post(key_result(goal, "Behind"), alice, actual=1, confidence=2, now=week(10))
    key_result(goal, "Never measured")

    page = reader.get("/e/northwind/status/").text

    assert "1 of 2 measured key results is on pace. 1 is behind. 1 is red: Behind." in page
    assert "1 of 2" in page


def test_it_marks_what_is_stale_late_and_unverified(reader: Client, alice: Membership) -> None:
    goal = objective(alice)
    post(key_result(goal, "Gone quiet"), alice, actual=9, now=week(8))
    post(
        key_result(goal, "Proven"),
        alice,
        actual=9,
        now=week(10),
        evidence_url="https://example.test/report",
    )

    page = reader.get("/e/northwind/status/").text

    quiet, proven = page.split('<h4 class="kr-name">')[1:3]
    assert "last value 15 days old, 1 check-in missed" in quiet
    assert "Check-in late since Mon\u00a09\u00a0Mar\u00a010:00" in quiet
    assert "Unverified" in quiet
    assert "Stale" not in proven
    assert "late since" not in proven
    assert "Unverified" not in proven


def test_what_another_rhythm_never_asked_for_is_neither_late_nor_missed(
    reader: Client, alice: Membership
) -> None:
    post(key_result(objective(alice), "Gone quiet"), alice, actual=9, now=week(8))
    Engagement.objects.filter(pk=alice.engagement_id).update(rhythm_since=TUESDAY)

    page = reader.get("/e/northwind/status/").text

    assert "Gone quiet" in page
    assert "missed" not in page
    assert "late since" not in page


def test_a_key_result_without_a_value_is_neither_red_nor_green(
    reader: Client, alice: Membership
) -> None:
    key_result(objective(alice), "Accounts that expand")

    page = reader.get("/e/northwind/status/").text

    assert "Work has started. No key result has a value yet." in page
    assert "No value yet. A missing value is neither red nor green." in page
    assert "No data" in page


@pytest.mark.parametrize(("held", "folded"), [(8, False), (9, True)])
def test_more_than_eight_key_results_fold(
    reader: Client, alice: Membership, held: int, folded: bool
) -> None:
    goal = objective(alice)
    for number in range(held):
        key_result(goal, f"Result {number}")

    page = reader.get("/e/northwind/status/").text

    assert ('<details class="block"' in page) is folded


def test_drafts_and_other_cycles_are_not_shown(reader: Client, alice: Membership) -> None:
    goal = objective(alice)
    key_result(goal, "Committed")
    build.key_result(goal, title="Only a draft")
    dates = {"starts_on": dt.date(2026, 4, 1), "ends_on": dt.date(2026, 6, 30)}
    later = build.cycle(alice.engagement, "2026-Q2", **dates)
    key_result(objective(alice, cycle=later, title="The next one"), "Of the next quarter")

    page = reader.get("/e/northwind/status/").text

    assert "Committed" in page
    assert "Only a draft" not in page
    assert "Of the next quarter" not in page


def test_between_two_cycles_the_last_one_stays(
    reader: Client, alice: Membership, clock: time_machine.Traveller
) -> None:
    key_result(objective(alice), "Committed")
    clock.move_to(at("2026-04-03T09:00"))

    page = reader.get("/e/northwind/status/").text

    assert "Committed" in page
    assert "2026-Q1, ended 31\u00a0Mar" in page


def test_an_empty_client_is_told_so(reader: Client) -> None:
    page = reader.get("/e/northwind/status/").text

    assert "No objective is committed right now." in page
    assert "Objectives and key results appear here once they are committed." in page


def test_what_people_wrote_is_escaped(reader: Client, alice: Membership) -> None:
    row = key_result(objective(alice, title="<b>Bold</b>"), "<script>alert(1)</script>")
    post(row, alice, insight="<img src=x>", next_action="<i>", now=week(10))

    page = reader.get("/e/northwind/status/").text

    for raw in ("<b>Bold", "<script>alert", "<img src=x", "<i>"):
        assert raw not in page


def test_an_earlier_day_reads_as_it_stood(reader: Client, alice: Membership) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    post(row, alice, actual=2, insight="As it began.", now=week(4))
    end_day(alice.engagement, "2026-02-20")
    post(row, alice, actual=5, insight="As it is.", now=week(10))

    page = reader.get("/e/northwind/status/?as_of=2026-02-20").text

    assert "Status on 20 February 2026" in page
    assert "As it began." in page
    assert "As it is." not in page
    assert "This is the page at the end of 20 February 2026." in page


def test_a_day_without_a_page_shows_the_one_before_it_and_names_its_day(
    reader: Client, alice: Membership
) -> None:
    key_result(objective(alice), "Accounts that expand")
    end_day(alice.engagement, "2026-02-20")

    page = reader.get("/e/northwind/status/?as_of=2026-02-22").text

    assert "Status on 20 February 2026" in page
    assert "There is no page of 22 February 2026." in page
    assert "This is the page of 20 February 2026, the last one before it." in page


def test_before_the_first_page_the_answer_is_404(reader: Client, alice: Membership) -> None:
    key_result(objective(alice), "Accounts that expand")
    end_day(alice.engagement, "2026-02-20")

    page = reader.get("/e/northwind/status/?as_of=2026-02-19")

    assert page.status_code == 404
    assert "No page yet on that day" in page.text
    assert "Accounts that expand" not in page.text


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("soon", "Enter a date, for example 2026-03-31."),
        ("2026-03-11", "This day is in the future."),
    ],
)
def test_a_day_that_is_none_is_refused_with_the_page(
    reader: Client, alice: Membership, day: str, said: str
) -> None:
    key_result(objective(alice), "Accounts that expand")

    page = reader.get(f"/e/northwind/status/?as_of={day}")

    assert page.status_code == 422
    assert said in page.text
    assert "Accounts that expand" in page.text


def test_a_cached_page_is_renewed_when_a_card_turns_late(
    reader: Client, alice: Membership, clock: time_machine.Traveller
) -> None:
    key_result(objective(alice), "Accounts that expand")
    clock.move_to(at("2026-03-16T09:59"))
    known = {"If-None-Match": reader.get("/e/northwind/status/").headers["ETag"]}

    clock.move_to(at("2026-03-16T10:01"))
    page = reader.get("/e/northwind/status/", headers=known)

    assert page.status_code == 200
    assert "Check-in late since Mon\u00a016\u00a0Mar\u00a010:00" in page.text


def test_two_readers_share_no_cached_page(
    reader: Client, alice: Membership, client: Client
) -> None:
    known = {"If-None-Match": reader.get("/e/northwind/status/").headers["ETag"]}
    assert alice.user is not None
    client.force_login(alice.user)

    assert client.get("/e/northwind/status/", headers=known).status_code == 200


def test_a_company_objective_is_named_once_it_is_committed(
    reader: Client, alice: Membership
) -> None:
    company = build.objective(alice, build.cycle(alice.engagement), title="Win back trust")
    team, cycle = build.team(alice.engagement), company.cycle
    key_result(objective(alice, cycle=cycle, team=team, parent=company), "Accounts that expand")

    drafted = reader.get("/e/northwind/status/")
    company.committed_at, company.committed_by = week(9), alice
    company.save(update_fields=["committed_at", "committed_by"])
    committed = reader.get("/e/northwind/status/")

    assert "Accounts that expand" in drafted.text
    assert company.title not in drafted.text
    assert f"contributes to “{company.title}”" in committed.text


def test_owners_are_named_unless_the_lead_switches_their_names_off(
    reader: Client, alice: Membership, clock: time_machine.Traveller
) -> None:
    olga, oscar = build.member(alice.engagement, "Olga"), build.member(alice.engagement, "Oscar")
    goal = objective(olga)
    for title in ("Accounts that expand", "Accounts that stay"):
        post(key_result(goal, title, owner_id=oscar.pk), alice, actual=1, now=week(9))
    review = planned(alice)
    decide(review, alice, "Keep the price.", owner=olga, client_visible=True)
    words: ReportText = {"headline": "Q1", "moved": "", "red": "", "decided": "", "next_steps": ""}
    publish_report(
        engagement=alice.engagement, words=words, by=alice, now=TUESDAY, review=close(review)
    )

    end_day(alice.engagement, "2026-03-10")
    clock.move_to(TUESDAY + dt.timedelta(days=1))
    named = [reader.get(f"/e/northwind/status/{day}").text for day in ("", "?as_of=2026-03-10")]
    Engagement.objects.filter(pk=alice.engagement_id).update(shows_owners=False, version=2)
    unnamed = [reader.get(f"/e/northwind/status/{day}").text for day in ("", "?as_of=2026-03-10")]

    for page in named:
        assert "Olga" in page
        assert "Oscar" in page
        assert "Keep the price" in page
    for page in unnamed:
        assert "Accounts that expand" in page
        assert "Olga" not in page
        assert "Oscar" not in page
