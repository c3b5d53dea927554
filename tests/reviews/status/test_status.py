from __future__ import annotations

import pytest
from django.test import Client

from engagements.models import Membership
from tests import build
from tests.checkins.posting import post
from tests.query_counts import assert_constant_queries, queries_of
from tests.reviews.status.quarter import key_result, objective, week


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
        "The one forecast does not hold. One key result is red.",
        "Last check-in 9\u00a0Mar\u00a02026,\u00a009:00\u00a0CET",
        "since the start",
        "0\u00a0% → <strong>2\u00a0%</strong>",
        "Accounts that expand",
        "The shorter form did it.",
        "Roll the form out to all stores",
        "Confidence 4 of 5",
        "pace 0.76",
        "Red for 2 weeks",
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

    user = 1  # the session comes from the cache
    assert_constant_queries(
        lambda: reader.get("/e/northwind/status/"), grow=ten_more, most=4 + user
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
