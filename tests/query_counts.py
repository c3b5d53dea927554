"""Pages cost the same number of queries however much they show, and the number is on record.

`tests/<app>/query_counts.json` holds the numbers by name. With QUERY_COUNTS=write in the
environment a test records what it counts, so that a change shows in review.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

FREE = ("SAVEPOINT", "RELEASE", "SELECT set_config")
UPDATE = "If that is meant, record it: QUERY_COUNTS=write python -m pytest {test}"


def queries_of(read: Callable[[], object]) -> list[str]:
    """Return the statements that a read sends, without savepoints and the walls' settings."""
    with CaptureQueriesContext(connection) as captured:
        read()
    sent = [query["sql"].strip() for query in captured.captured_queries]
    return [sql for sql in sent if not sql.startswith(FREE)]


def assert_constant_queries(
    read: Callable[[], object], *, add: Callable[[int], object], name: str, rows: int = 10
) -> None:
    """`read` sends as many queries for twenty rows as for ten: the number recorded for `name`.

    `add` makes one row more, or one of each kind, and gets its number: 0, 1, 2 …
    """
    counts = []
    for number in range(2 * rows):
        add(number)
        if number in (rows - 1, 2 * rows - 1):
            sent = queries_of(read)
            counts.append(len(sent))
    assert counts[0] == counts[1], "\n".join(sent)
    assert_query_count(sent, name=name)


def assert_query_count(sent: list[str], *, name: str) -> None:
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
    path = Path(__file__).parent / test.split("/")[1] / "query_counts.json"
    if os.environ.get("QUERY_COUNTS") == "write":
        record(path, name, len(sent))
    recorded = json.loads(path.read_text()).get(name) if path.exists() else None
    explained = f"{name}: {len(sent)} queries, {recorded} in {path}. {UPDATE.format(test=test)}"
    assert len(sent) == recorded, "\n".join([explained, *sent])


def record(path: Path, name: str, count: int) -> None:
    """Write one number; the workers of a run take turns."""
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        counts = {**json.loads(file.read() or "{}"), name: count}
        file.truncate(0)
        file.write(json.dumps(counts, indent=2, sort_keys=True) + "\n")
