"""The command as an operator meets it: own processes and connections, committed rows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections, transaction

from engagements.models import Membership, Role
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build, databases
from tests.okrs.imports.files import SHIPPED, file_of

ADDRESSES = {
    "default": "DATABASE_URL",
    "owner": "DATABASE_OWNER_URL",
    "sweep": "DATABASE_SWEEP_URL",
}


NOT_THIS_CLIENT = (
    "The file names Northwind SaaS, Harbor Retail, Cedar Advisory, Lakeside Scheduling and not this"
    " client: all rows named so were taken. --client NAME takes those of one."
)


@pytest.fixture
def lead(committed: str) -> Membership:
    databases.let_only_members_act()
    return build.member(build.engagement("Brightwater", slug="brightwater"))


def run(file: Path, *options: str) -> str:
    out, err = StringIO(), StringIO()
    try:
        call_command(
            "import_okrs",
            str(file),
            *(options or ["--engagement=brightwater"]),
            stdout=out,
            stderr=err,
        )
    except CommandError as error:
        return f"{err.getvalue()}{error}"
    return out.getvalue().strip()


def key_results(lead: Membership) -> int:
    with scope(lead.engagement_id):
        return KeyResult.objects.count()


def test_it_says_what_it_made_and_what_was_there(lead: Membership) -> None:
    assert run(SHIPPED) == (
        "Made 21 key results, 9 objectives, 21 metrics, 3 cycles, 4 teams, 21 placeholders,"
        " 7 contribution links. " + NOT_THIS_CLIENT
    )
    assert run(SHIPPED) == (
        "Made 0 key results, 0 objectives, 0 metrics, 0 cycles, 0 teams, 0 placeholders,"
        " 0 contribution links. There already: 21 key results. " + NOT_THIS_CLIENT
    )
    assert key_results(lead) == 21


def test_it_takes_the_rows_of_the_client_that_is_named(lead: Membership) -> None:
    assert run(SHIPPED, "--engagement=brightwater", "--client=harbor retail").startswith(
        "Made 2 key results, 1 objective,"
    )
    assert key_results(lead) == 2


def test_it_leaves_other_clients_out(lead: Membership) -> None:
    build.member(build.engagement("Harbor Retail"), "Charlie")

    said = run(SHIPPED, "--engagement=harbor")

    assert said.startswith("Made 2 key results, 1 objective,")
    assert said.endswith("Left out, of other clients: 19 rows.")
    assert key_results(lead) == 0


def test_a_dry_run_writes_nothing(lead: Membership) -> None:
    said = run(SHIPPED, "--engagement=brightwater", "--dry-run")

    assert said.startswith("Would make 21 key results")
    assert key_results(lead) == 0


def test_every_problem_has_its_line(lead: Membership, tmp_path: Path) -> None:
    file = tmp_path / "set.csv"
    file.write_bytes(file_of({"unit": "x" * 41}, {}, {"direction": "up", "weight": "none"}))

    assert run(file).splitlines() == [
        "line 2, unit: The cell has 41 characters. Keep it to 40.",
        "line 4, direction: “up” is not one of the choices. Write higher or lower.",
        "line 4, weight: “none” is not a number. Enter digits, for example 1250 or 12.5.",
        "Nothing was written: 3 problems.",
    ]
    assert key_results(lead) == 0


def test_it_names_what_it_cannot_find(lead: Membership, tmp_path: Path) -> None:
    assert run(tmp_path / "none.csv").endswith("none.csv: No such file or directory.")
    assert run(tmp_path).endswith("Is a directory.")
    assert run(SHIPPED, "--engagement=brightwtr") == (
        "No engagement “brightwtr”. There are: brightwater."
    )
    assert run(SHIPPED, "--engagement=brightwater", "--by=eve@example.test") == (
        "eve@example.test does not lead this engagement."
    )


def test_the_lead_who_imports_can_be_named(lead: Membership) -> None:
    second = build.member(lead.engagement, "Lena", Role.LEAD)

    run(SHIPPED, "--engagement=brightwater", "--by=LENA@example.test")

    with scope(lead.engagement_id):
        key_result = KeyResult.objects.select_related("objective").all()[0]
        assert key_result.objective.owner_id == second.pk
        (event,) = key_result.events.all()  # type: ignore[attr-defined]
        assert event.pgh_context == {"user": second.user_id}


def test_a_kill_in_the_middle_leaves_nothing(lead: Membership) -> None:
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        # The import's last step waits here, with all other rows written.
        cursor.execute("LOCK TABLE okrs_contributionlink IN SHARE MODE")
        process = start(SHIPPED)
        try:
            wait_for_the_lock(process)
        finally:
            process.kill()
            process.wait(timeout=10)

    assert key_results(lead) == 0
    assert run(SHIPPED).startswith("Made 21 key results")


def start(file: Path) -> subprocess.Popen[bytes]:
    urls = {name: databases.url(alias) for alias, name in ADDRESSES.items()}
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_okrs", str(file), "--engagement=brightwater"],
        env={**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=settings.BASE_DIR,
    )


def wait_for_the_lock(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation ="
                " 'okrs_contributionlink'::regclass)"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.1)
    raise AssertionError("The import did not come to its last step.")
