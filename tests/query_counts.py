"""Pages cost the same number of queries however much they show."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

FREE = ("SAVEPOINT", "RELEASE", "SELECT set_config")


def queries_of(read: Callable[[], object]) -> list[str]:
    """The statements that a read sends, savepoints and the walls' settings left out."""
    with CaptureQueriesContext(connection) as captured:
        read()
    sent = [query["sql"].strip() for query in captured.captured_queries]
    return [sql for sql in sent if not sql.startswith(FREE)]


def assert_constant_queries(
    read: Callable[[], object], *, grow: Callable[[], object], most: int
) -> None:
    """`read` sends as many queries after `grow` as before, and at most `most`."""
    before = queries_of(read)
    grow()
    after = queries_of(read)
    assert len(after) == len(before), "\n".join(after)
    assert len(after) <= most, "\n".join(after)
