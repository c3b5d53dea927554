"""A watch on every statement of the tests: none may lock a table before one that it holds already.

What a command locks is read from its SQL, in its own words and in those of triggers: a table that
shows on the status page locks the engagement when it is written. Statements of one request, or of
one command that a test calls, count together; PostgreSQL holds their locks that long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection

from engagements.permissions import OWNERS, RIGHTS
from tenancy.locks import LOCK_NAMES, NAMES, ORDER, place_of

ENGAGEMENT = "engagements_engagement"
# A table whose rows are written under the lock of another, and the tables that may be that one.
GUARDED = {
    "reviews_agendaitem": {"reviews_review"},
    "reviews_attendance": {"reviews_review"},
    "decisions_actionitem": {"reviews_review"},
    "okrs_collaborator": {"okrs_objective", "okrs_keyresult"},
    "okrs_keyresultaudit": {"okrs_keyresult"},
}
LOCKED = re.compile(r'FOR (?:NO KEY )?UPDATE OF "(\w+)"')
WRITTEN = re.compile(r'\b(?:UPDATE|DELETE FROM)\s+"?(\w+)"?')
INSERTED = re.compile(r'\bINSERT INTO\s+"?(\w+)"?')


class LockedOutOfOrder(AssertionError):
    """A statement locked a table that comes before one that its transaction held."""


@cache
def _places() -> dict[str, tuple[int, str]]:
    """Return the place of each table but sessions, which are each of one browser."""
    tables = {
        model._meta.db_table: (place_of(model), model._meta.label) for model in apps.get_models()
    }
    del tables["django_session"]
    return {**tables, NAMES: (ORDER.index(NAMES), "")}


@cache
def _on_status() -> frozenset[str]:
    """Tables with a trigger that locks the engagement."""
    return frozenset(
        model._meta.db_table
        for model in apps.get_models()
        if any(
            one.name.startswith(("shows_on_status", "shows_in_rows"))
            for one in getattr(model._meta, "triggers", ())
        )
    )


class Watch:
    """What the command or request that runs now has locked, by table."""

    def __init__(self) -> None:
        self.unit: str | None = None
        self.held: dict[str, str] = {}
        self.made: set[str] = set()  # tables with rows of its own, which no one else can hold
        self.acts = False  # it has read the acting member's rights, which locks them
        self.people: set[int] = set()  # members to whom it gives something, and who acts
        self.outside: set[str] = set()  # locked by the test or loader that calls the command

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        if isinstance(sql, str):
            self._see(sql, params)
        return execute(sql, params, many, context)

    def _see(self, sql: str, params: Any) -> None:
        # The test has the transaction; the first savepoint is the command's or the request's.
        unit = connection.savepoint_ids[0] if connection.savepoint_ids else None
        if unit != self.unit:
            self.unit, self.held, self.made, self.acts = unit, {}, set(), False
            self.people.clear()
        if unit is None:
            self.outside.update(LOCKED.findall(sql))
            return
        self._see_members(sql, params)
        if sql == LOCK_NAMES:
            self._lock(NAMES, sql)
        written = WRITTEN.findall(sql)
        for table in (*LOCKED.findall(sql), *written):
            self._lock(table, sql)
        inserted = INSERTED.findall(sql)
        self.made.update(inserted)
        # No one else can hold an engagement that was just made.
        if _on_status() & {*written, *inserted} and ENGAGEMENT not in self.made:
            self.held.setdefault(ENGAGEMENT, sql)

    def _see_members(self, sql: str, params: Any) -> None:
        """See that they are locked after the names, and all of them before the engagement."""
        if sql == LOCK_NAMES and self.acts and NAMES not in self.held:
            raise LockedOutOfOrder("Names are locked after the acting member.")
        if sql == OWNERS:
            if (self.acts or ENGAGEMENT in self.held) and not self.people.issuperset(params[1]):
                raise LockedOutOfOrder("Owners are locked after the engagement.")
            self.people.update(params[1])
        self.acts = self.acts or sql.startswith(RIGHTS)

    def _lock(self, table: str, sql: str) -> None:
        places = _places()
        if table not in places:
            return
        known = self.held.keys() | self.made | self.outside
        if table not in known and not GUARDED.get(table, set()) & known:
            later = [one for one in self.held if places[one] > places[table]]
            if later:
                raise LockedOutOfOrder(
                    f"{table} is locked after {', '.join(later)}.\nFirst: "
                    f"{self.held[later[0]][:300]}\nThen: {sql[:300]}"
                )
        self.held.setdefault(table, sql)


@contextmanager
def watched() -> Iterator[None]:
    with connection.execute_wrapper(Watch()):
        yield
