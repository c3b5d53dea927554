from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connections
from django.test.utils import setup_databases
from django.utils import timezone
from psycopg._preparing import PrepareManager

from config.embedded.stack import Lock
from mail import runs
from tests import access_cast, faults
from tests.checkins.posting import TUESDAY
from tests.databases import ROLES, copy_of, execute_as_owner, let_anyone_act, switch
from tests.lock_order import watched

# Imports and migrations make much that lasts: a fifth of their time went into looking for garbage.
gc.set_threshold(100_000)

# psycopg forgets its prepared statements at each rollback, so after each test, though PostgreSQL
# does not: more than half of the server's time went into planning the same statements anew.
PrepareManager.clear = lambda self: False  # type: ignore[method-assign]
PrepareManager.prepared_max = 500

LONGEST = (
    "tests/test_canaries.py",
    "tests/escalations/test_replay.py",
    "tests/escalations/test_oracle.py",
    "tests/checkins/test_reminder_oracle.py",
    "tests/mail/test_faults.py",
)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, testrun_uid: str
) -> Iterator[str]:
    """A template that the run's workers share; each runs in a copy, as the application's role.

    Stands in for pytest-django's own, which makes no database where every test is one that commits.
    """
    mark = Path(tempfile.gettempdir(), f"plumbline-{testrun_uid}")
    lock = Lock(mark)
    # Another worker may be first: until the template is made, it is alone.
    if not lock.take() and not lock.take(shared=True, within=120):
        pytest.exit("No worker made the test database within two minutes.")
    with django_db_blocker.unblock():
        if not mark.read_text():
            switch(role=ROLES["owner"])
            setup_databases(0, interactive=False, aliases={"default": None})
            let_anyone_act()
            mark.write_text(connections["default"].settings_dict["NAME"])
            connections["default"].close()
        template = mark.read_text()
        lock.take(shared=True)
        with copy_of(template):
            yield template
        if lock.take():  # the last worker of the run
            execute_as_owner(f'DROP DATABASE "{template}"')
            mark.unlink()
        lock.release()


@pytest.fixture
def committed(django_db_setup: str, django_db_blocker: Any) -> Iterator[str]:
    """A database of its own in which the test commits; processes reach it by `databases.url`."""
    with django_db_blocker.unblock(), copy_of(django_db_setup) as name:
        yield name


@pytest.fixture(scope="module")
def cast(django_db_setup: str, django_db_blocker: Any) -> Iterator[access_cast.Cast]:
    """The cast of the access table, made once, in a database of its own."""
    with django_db_blocker.unblock(), copy_of(django_db_setup):
        runs.record("sweep")  # a run that takes long is no reason for readiness to fail
        yield access_cast.make()


@pytest.fixture(autouse=True)
def lock_order() -> Iterator[None]:
    """Locks are taken in the one order, in every test."""
    with watched():
        yield


@pytest.fixture
def in_berlin() -> Iterator[None]:
    """Tuesday 10 March 2026, 09:40, on a clock in Berlin."""
    with time_machine.travel(TUESDAY, tick=False), timezone.override("Europe/Berlin"):
        yield


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Rate limits and sessions of one test are none of the next one's business."""
    yield
    cache.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, or one worker waits for the other at the end."""
    items.sort(key=lambda one: not one.nodeid.startswith(LONGEST))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if call.when == "call":
        faults.hand_over(item)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if found := faults.lines(each for some in terminalreporter.stats.values() for each in some):
        terminalreporter.section("faults")
        for line in found:
            terminalreporter.write_line(line)
