"""The decision log proves itself: every change behind the application's back shows (M8.2)."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.utils import Error

from decisions.commands import record_release
from decisions.models import Decision, DecisionHead
from decisions.queries.chain import Log, verify_logs
from engagements.models import Membership
from reviews.models import Review
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.decisions.tampering import (
    CUT,
    HEAD_FOLLOWS,
    RELEASE_TAMPERINGS,
    TAMPERINGS,
    Tampering,
    delete,
)
from tests.escalations.racing import begin, eventually_waits
from tests.reviews.meeting import agenda_item, decide, planned, supersede

Ids = dict[str, Any]
IDS = ("ours", "theirs", "somebody", "other_review")


@pytest.fixture
def logs(committed: str) -> Ids:
    """Northwind with twelve decisions, the fifth with everything there is; Harbor with two."""
    ours = build.member(build.engagement())
    theirs = build.member(build.engagement("Harbor Retail"), "Harriet")
    with scope(theirs.engagement_id):
        record(planned(theirs), theirs, 2)
    somebody = build.member(ours.engagement, "Bob")
    with scope(ours.engagement_id):
        objective = build.objective(ours, build.cycle(ours.engagement))
        key_result = build.live_key_result(objective, build.metric(ours.engagement))
        post(key_result, ours)
        review, other_review = planned(ours), planned(ours, title="April")
        record(review, ours, 3)
        about: Ids = {"key_result": key_result, "agenda_item": agenda_item(review)}
        fourth = decide(review, ours, now=minute(3), **about)
        supersede(fourth, ours, evidence_url="https://example.com/usage", now=minute(4))
        record(review, ours, 7, start=5)
    return {
        "ours": ours.engagement_id,
        "theirs": theirs.engagement_id,
        "somebody": somebody.pk,
        "other_review": other_review.public_id,
        "lead": ours,
    }


def minute(number: int) -> dt.datetime:
    return TUESDAY + dt.timedelta(minutes=number)


def record(review: Review, by: Membership, many: int, *, start: int = 0) -> None:
    for number in range(start, start + many):
        decide(review, by, f"Decided {number}.", now=minute(number))


@contextmanager
def tampered(sql: str, ids: Ids) -> Iterator[None]:
    """The log after that was done by the tables' owner, triggers off; put back afterwards."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE decisions_decision DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE decisions_release DISABLE TRIGGER USER")
        for statement in filter(None, sql.split(";")):
            cursor.execute(statement, {name: ids[name] for name in IDS})
        yield
        transaction.set_rollback(True, using="owner")


def found() -> dict[str, Log]:
    return {log.slug: log for log in verify_logs()}


def faults() -> list[str]:
    """List the faults of Northwind, then those of Harbor."""
    logs = found()
    theirs = (f"harbor: {fault}" for fault in logs["harbor"].faults)
    return [*logs["northwind"].faults, *theirs]


def seen(tamperings: dict[str, Tampering], ids: Ids) -> dict[str, list[str]]:
    found_faults = {}
    for name, (sql, _) in tamperings.items():
        with tampered(sql, ids):
            found_faults[name] = faults()
    return found_faults


def run(*arguments: str) -> tuple[str, int]:
    """Return the output and the exit code of the command."""
    output, exit_code = io.StringIO(), 0
    try:
        call_command("verify_log", *arguments, stdout=output)
    except SystemExit as leaving:
        exit_code = int(str(leaving.code))
    return output.getvalue(), exit_code


def test_every_tampering_with_decisions_shows(logs: Ids) -> None:
    assert len(TAMPERINGS) >= 30
    assert seen(TAMPERINGS, logs) == {name: faults for name, (_, faults) in TAMPERINGS.items()}


REWRITTEN, _ = TAMPERINGS["edit and seal all that follow anew"]


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        (delete(8, 12), "Decision 12 was published and is not in the log."),
        (REWRITTEN, "Decision 12 was published with the hash {}, the log has"),
    ],
    ids=["cut", "rewritten"],
)
def test_a_published_head_shows_a_rewritten_log(logs: Ids, tampering: str, fault: str) -> None:
    published = found()["northwind"].head
    anchor = f"{published.number}:{published.short}"

    with tampered(tampering + HEAD_FOLLOWS, logs):
        log = found()["northwind"]
        output, exit_code = run("--engagement", "northwind", "--head", anchor)

    assert log.is_intact
    assert log.head.hash != published.hash
    assert fault.format(published.short) in output
    assert exit_code == 1


def test_a_published_report_also_proves_the_log(logs: Ids) -> None:
    head = found()["northwind"].head
    with scope(logs["ours"]):
        record_release(report_hash="", by=logs["lead"], now=TUESDAY)

    with tampered(delete(8, 12) + HEAD_FOLLOWS, logs):
        found_faults = faults()

    expected = f"Report 1 was published at decision 12, hash {head.short}: the log differs."
    assert found_faults == ["The head has another hash than report 1.", expected]
    assert faults() == []


def test_every_tampering_with_releases_shows(logs: Ids) -> None:
    lead, later = logs["lead"], minute(60)
    with scope(logs["ours"]):
        record_release(report_hash="a" * 64, by=lead, now=later)
        review = Review.objects.get(title="April")
        thirteenth = decide(review, lead, now=later)
        record_release(report_hash="b" * 64, by=lead, now=later, occasion=review.occasion)
    assert found()["northwind"].is_intact
    assert found()["northwind"].decisions == 13

    assert seen(RELEASE_TAMPERINGS, logs) == {
        name: [one.replace("{13}", thirteenth.hash[:12]) for one in expected]
        for name, (_, expected) in RELEASE_TAMPERINGS.items()
    }


def test_a_later_report_proves_an_earlier_one(logs: Ids) -> None:
    with scope(logs["ours"]):
        record_release(report_hash="a" * 64, by=logs["lead"], now=minute(60))
        later = record_release(report_hash="b" * 64, by=logs["lead"], now=minute(60))

    head = f"{later.head_number}:{later.head_hash}"
    assert run("--engagement", "northwind", "--head", head)[1] == 0
    assert run("--engagement", "northwind", "--head", f"12:{'0' * 64}")[1] == 1


def test_the_first_decision_waits_for_the_first_release(committed: str) -> None:
    """The head is made where there is none, so that even the first two wait for each other."""
    lead = build.member(build.engagement())
    review = planned(lead)

    def first_decision() -> int:
        with scope(lead.engagement_id):
            return decide(review, lead, now=minute(-1)).number  # by a clock that is late

    with scope(lead.engagement_id):
        record_release(report_hash="a" * 64, by=lead, now=TUESDAY)
        end = begin(first_decision)
        assert eventually_waits()

    assert end(timeout=10) == 1
    assert found()["northwind"].is_intact


def test_the_command_prints_each_log_with_its_head(logs: Ids) -> None:
    heads = {slug: log.head.hash for slug, log in found().items()}

    output, exit_code = run()

    assert output.splitlines() == [
        f"harbor: 2 decisions, intact, head 2:{heads['harbor']}",
        f"northwind: 12 decisions, intact, head 12:{heads['northwind']}",
    ]
    assert exit_code == 0
    published = f"12:{heads['northwind']}"
    assert run("--engagement", "northwind", "--head", published)[1] == 0
    with tampered(delete(8, 12), logs):
        output, exit_code = run("--engagement", "northwind")
    assert CUT in output
    assert "harbor" not in output
    assert exit_code == 1


def test_the_command_names_wrong_arguments(committed: str) -> None:
    for arguments, error in (
        (["--head", f"1:{'a' * 64}"], "Name the engagement"),
        (["--engagement", "northwind", "--head", "12"], "NUMBER:HASH"),
        (["--engagement", "nowhere"], "There is no engagement “nowhere”."),
    ):
        with pytest.raises(CommandError, match=error):
            call_command("verify_log", *arguments)


def test_not_even_the_owner_changes_the_log_by_accident(logs: Ids) -> None:
    for statement in (
        "UPDATE decisions_decision SET text = 'x'",
        "DELETE FROM decisions_decision",
        "TRUNCATE decisions_decision CASCADE",
    ):
        with (
            pytest.raises(Error, match=r"append-only|Cannot (update|delete)"),
            transaction.atomic(using="owner"),
            connections["owner"].cursor() as cursor,
        ):
            cursor.execute(statement)


FORGED_HEAD = """
    CREATE TEMP TABLE decisions_decisionhead AS SELECT * FROM public.decisions_decisionhead;
    CREATE UNIQUE INDEX ON pg_temp.decisions_decisionhead (engagement_id);
    GRANT ALL ON pg_temp.decisions_decisionhead TO PUBLIC;
    UPDATE pg_temp.decisions_decisionhead SET number = 40, hash = 'forged';
"""


def test_a_temporary_table_does_not_replace_the_head(logs: Ids) -> None:
    with scope(logs["ours"]):
        with connection.cursor() as cursor:
            cursor.execute(FORGED_HEAD)
        assert DecisionHead.objects.get().number == 40  # what the application itself would read
        review = Review.objects.get(title="April")
        decision = decide(review, logs["lead"], now=minute(60))

    northwind = found()["northwind"]
    assert decision.number == northwind.head.number == 13
    assert northwind.head.hash == decision.hash
    assert northwind.is_intact


def test_eight_people_who_record_at_once_get_numbers_without_a_gap(logs: Ids) -> None:
    ready = Barrier(8)

    def five(turn: int) -> list[int]:
        """Record each in a transaction of its own, by a clock that is some seconds late."""
        now, decisions = minute(60) - dt.timedelta(seconds=turn), list[Decision]()
        try:
            ready.wait()
            for _ in range(5):
                with scope(logs["ours"]):
                    review = Review.objects.get(title="April" if turn % 2 else "March")
                    if decisions:
                        decisions.append(supersede(decisions[-1], logs["lead"], now=now))
                    else:
                        decisions.append(decide(review, logs["lead"], now=now))
            return [decision.number for decision in decisions]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for numbers in pool.map(five, range(8)) for number in numbers]

    assert sorted(numbers) == list(range(13, 53))
    assert found()["northwind"].is_intact
