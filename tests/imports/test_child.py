"""The limits of a check: bounded answers, bounded memory, no lock, no process left behind."""

from __future__ import annotations

import csv
import io
import os
import resource
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client

from engagements.models import Membership
from imports import child, commands
from imports.child import in_child
from imports.commands import ImportRefusedError
from imports.forms import MOST
from imports.plans import MAX_PREVIEWED, MAX_PROBLEMS, MAX_REPORTED, Plan, plan_content
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.imports.files import NOTHING_KNOWN, file_of, load, page_url, plan, send

HEADER = file_of().strip()
FAULTY = b"?,?,?,?," + b",?" * 21 + b"\n"
WORST_SHEETS = {
    "short lines": HEADER + b"\nx" * ((MOST - len(HEADER)) // 2),
    "faulty cells": (file_of({}) + FAULTY * 20_000)[:MOST],
    "unknown columns": b",".join(b"%d" % number for number in range(140_000)),
    "other clients": HEADER + b"".join(b"\nClient %d%s" % (n, b"," * 25) for n in range(26_000)),
    "one long number": file_of({"baseline": "1" + ",1" * 50_000, "ladder": "1:1;" * 20_000}),
}


@pytest.fixture
def lead(client: Client, db: None) -> Membership:
    return build.sign_in(client, build.engagement())


@pytest.mark.slow
@pytest.mark.parametrize("name", WORST_SHEETS)
def test_a_bad_megabyte_has_a_short_answer(client: Client, lead: Membership, name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    page = send(client, lead, WORST_SHEETS[name])

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert page.status_code in (200, 422)
    assert len(page.content) < 300_000
    assert page.text.count('<tr id="row-') <= MAX_PROBLEMS + MAX_PREVIEWED
    assert grown < 60 * 1024  # KiB


def test_the_first_problems_are_shown_with_their_count_and_the_rest_is_a_file(
    client: Client, lead: Membership
) -> None:
    bad = file_of(*({"target": "=many", "key_result": f"One {row}"} for row in range(250)))

    page = send(client, lead, bad)
    lines = report_of(client, page)

    assert "The first 200 of 250 problems" in page.text
    assert [line["line"] for line in lines] == [str(row) for row in range(2, 252)]
    assert lines[0]["problem"] == "“=many” is not a number."


@pytest.mark.slow
def test_a_long_report_is_cut(client: Client, lead: Membership) -> None:
    each = len(plan_content(HEADER + b"\n" + FAULTY, known=NOTHING_KNOWN).problems)
    lines = MAX_REPORTED // each + 1

    *_, last = report_of(client, send(client, lead, HEADER + b"\n" + FAULTY * lines))

    assert last["problem"] == f"And {each * lines - MAX_REPORTED} more. Fix these first."


def report_of(client: Client, page: Any) -> list[dict[str, str]]:
    report = client.get(f"{page_url(page)}problems.csv")
    assert report["Content-Disposition"] == 'attachment; filename="problems.csv"'
    return list(csv.DictReader(io.StringIO(report.content.decode("utf-8-sig"))))


def test_the_child_plans_as_the_process_itself() -> None:
    content = file_of(
        {}, {"method": "ladder", "ladder": "40:1;30:0.5"}, {"cycle": "2026-Q2", "due_on": ""}
    )

    assert in_child(plan_content, content, known=NOTHING_KNOWN) == plan(content)


@pytest.mark.parametrize(
    "planted",
    [(child, "WALL_SECONDS", 0.05), (sys, "executable", "/bin/false")],
    ids=["too slow", "crash"],
)
def test_a_check_that_does_not_end_well_is_an_error_at_the_form(
    client: Client, lead: Membership, monkeypatch: pytest.MonkeyPatch, planted: Any
) -> None:
    monkeypatch.setattr(*planted)

    page = send(client, lead, file_of({}))

    assert page.status_code == 422
    assert "This sheet takes too much time or memory to check. Split it" in page.text


@pytest.mark.parametrize(
    "code", ["b'x' * child.MEMORY", "[0 for _ in iter(int, 1)]"], ids=["memory", "time"]
)
def test_the_child_has_limits(code: str) -> None:
    source = f"from imports import child; child.CPU_SECONDS = 1; child.limit(); {code}"

    assert run(source).returncode != 0


def test_the_child_ends_with_its_parent() -> None:
    endless = (
        "import signal; from imports import child; child.WALL_SECONDS = 300; child.limit();"
        "print(1, flush=True); signal.pause()"
    )
    source = (
        "import os, signal, subprocess, sys; pipe = subprocess.PIPE;"
        f"one = subprocess.Popen([sys.executable, '-c', {endless!r}], stdout=pipe, stderr=1);"
        "one.stdout.readline(); os.kill(os.getpid(), signal.SIGKILL)"
    )

    parent = run(source)  # ends once neither holds the pipe

    assert (parent.returncode, parent.stdout) == (-signal.SIGKILL, b"")


def test_no_lock_is_held_during_a_check(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = build.member(build.engagement())
    cycle = build.cycle(lead.engagement, "2026-Q1")
    rows = {"okrs_cycle": cycle.pk, "engagements_engagement": lead.engagement_id}
    locked = []

    def check(function: Any, *args: Any, **task: Any) -> Plan:
        with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
            for table, pk in rows.items():
                cursor.execute(f"SELECT id FROM {table} WHERE id = %s FOR UPDATE NOWAIT", [pk])
                locked.extend(cursor.fetchall())
        plan: Plan = in_child(function, *args, **task)
        return plan

    monkeypatch.setattr(commands, "in_child", check)
    with scope(lead.engagement_id):
        commands.check_import(content=file_of({}), by=lead, now=build.COMMITTED_AT)
        commands.import_okrs(content=file_of({}), by=lead, now=build.COMMITTED_AT)

    assert len(locked) == 4
    assert titles(lead) == ["Result 1"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    """Have another connection commit this after the check, before the import has its locks."""

    def check(function: Any, *args: Any, **task: Any) -> Plan:
        plan: Plan = in_child(function, *args, **task)
        with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
            cursor.execute(sql)
        return plan

    monkeypatch.setattr(commands, "in_child", check)


def test_a_key_result_that_was_added_meanwhile_is_not_doubled(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = build.member(build.engagement())
    load(file_of({"key_result": "Another"}), by=lead)
    meanwhile(monkeypatch, "UPDATE okrs_keyresult SET title = 'Result 1'")

    with scope(lead.engagement_id):
        outcome = commands.import_okrs(content=file_of({}, {}), by=lead, now=build.COMMITTED_AT)

    assert (outcome.key_results, outcome.already_there) == (1, 1)
    assert titles(lead) == ["Result 1", "Result 2"]


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        pytest.param(
            "UPDATE engagements_membership SET removed_at = now() WHERE name = 'Dana'",
            ["owner_email"],
            id="M9.3-an-owner-left",
        ),
        pytest.param("UPDATE okrs_cycle SET name = '2026-Q1'", [], id="the-quarter-was-planned"),
    ],
)
def test_an_engagement_that_changed_meanwhile_gets_nothing(
    committed: str, monkeypatch: pytest.MonkeyPatch, sql: str, columns: list[str]
) -> None:
    lead = build.member(build.engagement())
    build.member(lead.engagement, "Dana", email="dana@harbor.test")
    build.cycle(lead.engagement, "Winter")
    meanwhile(monkeypatch, sql)

    with scope(lead.engagement_id), pytest.raises(ImportRefusedError) as refused:
        commands.import_okrs(content=file_of({}), by=lead, now=build.COMMITTED_AT)

    assert [problem.column for problem in refused.value.plan.problems] == columns
    assert titles(lead) == []


def titles(lead: Membership) -> list[str]:
    with scope(lead.engagement_id):
        return list(KeyResult.objects.order_by("title").values_list("title", flat=True))


def run(source: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, "PYTHONPATH": str(child.ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
