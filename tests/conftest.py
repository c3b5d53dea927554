from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test.utils import setup_databases, teardown_databases

from tests import faults
from tests.databases import ROLES, copy_of, execute_as_owner, let_anyone_act, switch
from tests.lock_order import watched

LONGEST = (
    "tests/test_canaries.py",
    "tests/escalations/test_replay.py",
    "tests/escalations/test_oracle.py",
    "tests/checkins/test_reminder_oracle.py",
    "tests/mail/test_faults.py",
)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Create and migrate as the owner."""
    connections["default"].settings_dict["USER"] = ROLES["owner"]


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_keepdb: bool,
    django_db_createdb: bool,
    django_db_blocker: Any,
) -> Iterator[str]:
    """Run as the application's role; keep a template for tests that commit. Yields its name.

    Stands in for pytest-django's own, which makes no database where every test is one that commits.
    """
    keepdb = django_db_keepdb and not django_db_createdb
    with django_db_blocker.unblock():
        only: dict[str, None] = {"default": None}
        made = setup_databases(0, interactive=False, keepdb=keepdb, aliases=only)
        name = connections["default"].settings_dict["NAME"]
        template = f"{name}_template"
        let_anyone_act()
        switch(role=ROLES["default"], name=name)
        execute_as_owner(f'DROP DATABASE IF EXISTS "{template}"')
        execute_as_owner(f'CREATE DATABASE "{template}" TEMPLATE "{name}"')
    yield template
    with django_db_blocker.unblock():
        switch(role=ROLES["owner"])
        execute_as_owner(f'DROP DATABASE "{template}"')
        if not django_db_keepdb:
            teardown_databases(made, verbosity=0)


@pytest.fixture
def committed(django_db_setup: str, django_db_blocker: Any) -> Iterator[str]:
    """A database of its own in which the test commits; processes reach it by `databases.url`."""
    with django_db_blocker.unblock(), copy_of(django_db_setup) as name:
        yield name


@pytest.fixture(autouse=True)
def lock_order() -> Iterator[None]:
    """Locks are taken in the one order, in every test."""
    with watched():
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
