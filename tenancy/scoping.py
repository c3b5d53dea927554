"""The two walls, raised together: application scoping that raises, row level security below it.

This is the only module that imports django_scopes. Outside a scope a query on a tenant table
raises ScopeError; inside, the manager filters by the engagements in scope and PostgreSQL does so
again by the transaction-local settings `app.engagements`, `app.user` and `app.token`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import django_scopes  # noqa: TID251 - wrapped here, and only here
from django.db import connection, transaction
from django_scopes.exceptions import ScopeError as ScopeError  # noqa: TID251

MAX_ENGAGEMENTS = 200  # beyond it the policy's array costs more than the pages gain


@dataclass(frozen=True)
class Wall:
    """The current settings of the transaction."""

    engagements: tuple[int, ...] = ()
    user_id: int | None = None
    token: str = ""

    def settings(self) -> list[str]:
        ids = "{" + ",".join(map(str, self.engagements)) + "}" if self.engagements else ""
        user = "" if self.user_id is None else str(self.user_id)
        return [ids, user, self.token, json.dumps({"user": self.user_id}) if user else ""]


@dataclass
class RequestTransaction:
    """The open transaction of a request; closing `stack` ends it.

    Where the wall has moved, PostgreSQL hears of it right before the next statement.
    """

    stack: ExitStack
    read_only: bool
    has_moved: bool = False

    def execute(self, execute: Callable[..., Any], sql: Any, *args: Any) -> Any:
        undoes = str(sql).startswith("ROLLBACK")  # what failed; the wall moves back with it
        has_moved, self.has_moved = self.has_moved, undoes
        if has_moved and not undoes:
            _send(READ_ONLY if self.read_only else WALL)
        return execute(sql, *args)


WALL = (
    "SELECT set_config('app.engagements', %s, true), set_config('app.user', %s, true),"
    " set_config('app.token', %s, true), set_config('pghistory.context_metadata', %s, true)"
)
# In a savepoint, as in tests, it holds to the end of that.
READ_ONLY = f"{WALL}, set_config('transaction_read_only', 'on', true)"

_request: ContextVar[RequestTransaction | None] = ContextVar("request", default=None)
_wall: ContextVar[Wall] = ContextVar("wall", default=Wall())  # noqa: B039 - frozen


@contextmanager
def scope(*engagement_ids: int) -> Iterator[None]:
    """Work inside these engagements (at most 200) until the block ends.

    Opens a transaction if none is open, since the settings live no longer than one.
    """
    if len(engagement_ids) > MAX_ENGAGEMENTS:
        raise ScopeError(f"A scope holds at most {MAX_ENGAGEMENTS} engagements.")
    wall = replace(_wall.get(), engagements=engagement_ids)
    with _raised(wall), django_scopes.scope(engagement=list(engagement_ids)):
        yield


@contextmanager
def identity(*, user_id: int | None = None, token: str = "") -> Iterator[None]:
    """Say who asks, before any scope is known: a person, or the holder of a token (its hash)."""
    with _raised(replace(_wall.get(), user_id=user_id, token=token)):
        yield


@contextmanager
def unscoped() -> Iterator[None]:
    """Switch the application's wall off; the database's stays up. For the gate's own look-ups."""
    with django_scopes.scopes_disabled():
        yield


def engagements_in_scope() -> list[int] | None:
    """Return the ids in scope, or None if the application's wall is off.

    Raises ScopeError without an active scope.
    """
    current: dict[str, Any] = django_scopes.get_scope()  # type: ignore[no-untyped-call]
    if not current.get("_enabled", True):
        return None
    if "engagement" not in current:
        raise ScopeError("A scope on engagement needs to be active for this query.")
    ids: list[int] = current["engagement"]
    return ids


@contextmanager
def request_transaction(*, read_only: bool) -> Iterator[None]:
    """Open the transaction of a request; a page is rendered in a second one (`end_writing`).

    With `read_only` PostgreSQL refuses to write in it, from the first wall on.
    """
    request = RequestTransaction(ExitStack(), read_only=read_only)
    token = _request.set(request)
    try:
        with connection.execute_wrapper(request.execute), request.stack:
            request.stack.enter_context(transaction.atomic())
            yield
    finally:
        _request.reset(token)


def end_writing() -> None:
    """Commit what the request has written and go on in a transaction that only reads.

    The walls stay as they are. Does nothing outside a request, and after the first time.
    """
    request = _request.get()
    if request is None or request.read_only:
        return
    request.stack.close()
    request.stack.enter_context(transaction.atomic())
    request.read_only = request.has_moved = True


class RoleRouter:
    """One database, three roles: pages use `default`; `owner` migrates; `sweep` is asked for."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "default"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, *args: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != "sweep"


@contextmanager
def _raised(wall: Wall) -> Iterator[None]:
    is_own = not connection.in_atomic_block  # its end lowers the wall, too
    with transaction.atomic() if is_own else nullcontext():
        token = _wall.set(wall)
        _move()
        try:
            yield
        finally:
            _wall.reset(token)
            if not is_own and not connection.needs_rollback:
                _move()


def _move() -> None:
    if request := _request.get():
        request.has_moved = True
    else:
        _send(WALL)


def _send(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, _wall.get().settings())
