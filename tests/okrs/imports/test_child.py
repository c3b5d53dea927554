"""The limits of a check: bounded answers, bounded memory, no lock, no process left behind."""

from __future__ import annotations

import csv
import io
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from engagements.models import Membership
from okrs.forms.sheets import MOST
from okrs.imports import command, plans
from okrs.imports.command import ImportRefusedError
from okrs.imports.plans import MAX_PROBLEMS, MAX_REPORTED, Plan, plan_in_child
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.okrs.imports.files import NOTHING_KNOWN, file_of, load, plan

HEADER = file_of().strip()
WORST_SHEETS = {
    "short lines": HEADER + b"\nx" * ((MOST - len(HEADER)) // 2),
    "faulty cells": (file_of({}) + b"?,?,?,?,,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?\n" * 20_000)[
        :MOST
    ],
    "unknown columns": b",".join(b"%d" % number for number in range(140_000)),
    "other clients": b"\n".join(
        [HEADER, *(b"Client %d" % number + b"," * 24 for number in range(26_000))]
    ),
    "one long number": file_of({"baseline": "1" + ",1" * 50_000, "ladder": "1:1;" * 20_000}),
}


@pytest.fixture
def lead(client: Client, db: None) -> Membership:
    return build.sign_in(client, build.engagement())


def send(client: Client, lead: Membership, content: bytes, **fields: str) -> Any:
    sheet = io.BytesIO(content)
    sheet.name = "okrs.csv"
    url = reverse("okrs:sheet-import", args=[lead.engagement.slug])
    return client.post(url, {"sheet": sheet, **fields})


@pytest.mark.parametrize("name", WORST_SHEETS)
def test_a_megabyte_of_bad_lines_has_a_short_answer(
    client: Client, lead: Membership, name: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    page = send(client, lead, WORST_SHEETS[name])

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert page.status_code == 422
    assert len(page.content) < 300_000
    assert page.text.count('<th scope="row"') <= MAX_PROBLEMS
    assert grown < 60 * 1024  # KiB


def test_the_first_problems_are_shown_with_their_count_and_the_rest_is_a_file(
    client: Client, lead: Membership
) -> None:
    bad = file_of(*({"target": "=many", "key_result": f"One {row}"} for row in range(250)))

    page = send(client, lead, bad)
    report = send(client, lead, bad, report="1")

    assert "Fix 250 problems. Nothing has been imported yet." in page.text
    assert "The first 200 of 250" in page.text
    assert page.text.count('<th scope="row"') == 200
    assert "Download all problems" in page.text
    assert report["Content-Disposition"] == 'attachment; filename="problems.csv"'
    lines = list(csv.DictReader(io.StringIO(report.content.decode("utf-8-sig"))))
    assert [line["line"] for line in lines] == [str(row) for row in range(2, 252)]
    assert lines[0]["problem"] == "“=many” is not a number."


def test_a_report_is_bounded_too(client: Client, lead: Membership) -> None:
    report = send(client, lead, HEADER + b"\nx" * (MAX_REPORTED + 7), report="1")

    *_, last = csv.DictReader(io.StringIO(report.content.decode("utf-8-sig")))
    assert last["problem"] == "And 7 more. Fix these first."


def test_a_long_bad_sheet_is_chosen_again(client: Client, lead: Membership) -> None:
    page = send(client, lead, HEADER + b"\n" + b"x" * 120_000)

    assert "It is too long to show here." in page.text
    assert "hx-preserve" in page.text


def test_the_child_plans_as_the_process_itself() -> None:
    content = file_of(
        {}, {"method": "ladder", "ladder": "40:1;30:0.5"}, {"cycle": "2026-Q2", "due_on": ""}
    )

    assert plan_in_child(content, known=NOTHING_KNOWN) == plan(content)


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [(plans, "WALL_SECONDS", 0.05), (sys, "executable", "/bin/false")],
    ids=["too slow", "crash"],
)
def test_a_check_that_does_not_end_well_is_an_error_at_the_form(
    client: Client,
    lead: Membership,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
    value: object,
) -> None:
    monkeypatch.setattr(module, name, value)

    page = send(client, lead, file_of({}))

    assert page.status_code == 422
    assert "This sheet takes too much time or memory to check. Split it" in page.text


@pytest.mark.parametrize(
    "code",
    ["b'x' * plans.MEMORY", "[0 for _ in iter(int, 1)]"],
    ids=["memory", "time"],
)
def test_the_child_has_limits(code: str) -> None:
    source = f"from okrs.imports import plans; plans.CPU_SECONDS = 1; plans.limit(); {code}"

    assert run(source).returncode != 0


def test_the_child_ends_with_its_parent() -> None:
    endless = (
        "import signal; from okrs.imports import plans; plans.WALL_SECONDS = 300; plans.limit();"
        "print(1, flush=True); signal.pause()"
    )
    source = (
        "import os, signal, subprocess, sys;"
        f"one = subprocess.Popen([sys.executable, '-c', {endless!r}], stdout=subprocess.PIPE,"
        " stderr=sys.stdout);"
        "one.stdout.readline(); os.kill(os.getpid(), signal.SIGKILL)"
    )

    parent = run(source)  # ends once neither holds the pipe

    assert (parent.returncode, parent.stdout) == (-signal.SIGKILL, b"")


def test_no_lock_is_held_while_a_sheet_is_checked(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = build.member(build.engagement())
    cycle = build.cycle(lead.engagement, "2026-Q1")
    locked = []

    def check(content: bytes, **task: Any) -> Plan:
        with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
            for table, pk in (
                ("okrs_cycle", cycle.pk),
                ("engagements_engagement", lead.engagement_id),
            ):
                cursor.execute(f"SELECT id FROM {table} WHERE id = %s FOR UPDATE NOWAIT", [pk])
                locked.extend(cursor.fetchall())
        return plan_in_child(content, **task)

    monkeypatch.setattr(command, "plan_in_child", check)
    with scope(lead.engagement_id):
        command.check_import(content=file_of({}), by=lead)
        command.import_okrs(content=file_of({}), by=lead)

    assert len(locked) == 4
    assert titles(lead) == ["Result 1"]


def changing_meanwhile(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Have another connection commit a change after the check, before the import has its locks."""

    def check(content: bytes, **task: Any) -> Plan:
        plan = plan_in_child(content, **task)
        change()
        return plan

    monkeypatch.setattr(command, "plan_in_child", check)


def as_owner(sql: str) -> None:
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute(sql)


def test_a_key_result_that_was_added_meanwhile_is_not_doubled(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = build.member(build.engagement())
    load(file_of({}), by=lead)
    with scope(lead.engagement_id):
        KeyResult.objects.update(title="Another")
    changing_meanwhile(
        monkeypatch, lambda: as_owner("UPDATE okrs_keyresult SET title = 'Result 1'")
    )

    with scope(lead.engagement_id):
        outcome = command.import_okrs(content=file_of({}, {}), by=lead)

    assert (outcome.made.key_results, outcome.already_there) == (1, 1)
    assert titles(lead) == ["Result 1", "Result 2"]


def test_an_owner_who_left_meanwhile_owns_nothing(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = build.member(build.engagement())
    build.member(lead.engagement, "Dana", email="dana@harbor.test")
    change = "UPDATE engagements_membership SET removed_at = now() WHERE name = 'Dana'"
    changing_meanwhile(monkeypatch, lambda: as_owner(change))

    with scope(lead.engagement_id), pytest.raises(ImportRefusedError) as refused:
        command.import_okrs(content=file_of({}), by=lead)

    assert [problem.column for problem in refused.value.plan.problems] == ["owner_email"]
    assert titles(lead) == []


def test_rows_are_inserted_in_batches(lead: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "BATCH", 2)

    with CaptureQueriesContext(connections["default"]) as captured:
        load(file_of({}, {}, {}, {}, {}), by=lead)

    inserts = [
        query for query in captured if query["sql"].startswith('INSERT INTO "okrs_keyresult"')
    ]
    assert len(inserts) == 3


def titles(lead: Membership) -> list[str]:
    with scope(lead.engagement_id):
        return list(KeyResult.objects.order_by("title").values_list("title", flat=True))


def run(source: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, "PYTHONPATH": str(plans.ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
