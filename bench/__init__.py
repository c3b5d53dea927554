"""Measured figures, on services and a database that nothing else uses."""

from __future__ import annotations

import logging
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from config.embedded import ROOT, paths, urls
from config.embedded.stack import hold

LIKE = 1.5  # times the bytes: a page that shows more has not grown, it is another page


class Figure(NamedTuple):
    """The measurement of a page; `wall` is its median in seconds."""

    name: str
    queries: int
    size: int
    wall: float
    ratio: float
    cpu_ratio: float
    limit: float | None


def in_own_process(module: str, *arguments: Any) -> Any:
    """Run a module's `measure` in a new process, with Django and a database to itself."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (module, *arguments))


def _measure(module: str, *arguments: Any) -> Any:
    logging.disable(logging.WARNING)
    with workspace():
        return import_module(f"bench.{module}").measure(*arguments)


@contextmanager
def workspace() -> Iterator[None]:
    """Set up Django on a migrated database of the block's own. Import no model before.

    The services flush at every commit, as in production.
    """
    folder = Path(tempfile.mkdtemp(prefix="plumbline-bench-"))
    folder.chmod(0o711)  # as root, the servers run as another user
    os.environ |= {
        "PLUMBLINE_DATA_DIR": str(folder),
        "PLUMBLINE_DEMO": "0",
        "STATIC_ROOT": str(folder / "static"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "for-measuring-only-and-long-enough-for-the-checks-of-django",
    }
    lease = hold(paths(ROOT), temporary=True)
    try:
        os.environ |= urls(paths(ROOT))
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", database="owner", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        print(f"On {_machine()}.", flush=True)
        yield
    finally:
        lease.release()


def _machine() -> str:
    from django.db import connection

    connection.ensure_connection()
    version = connection.connection.info.parameter_status("server_version")
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()},"
        f" PostgreSQL {version}, load {os.getloadavg()[0]:.1f}"
    )


def verdict(name: str, value: float, limit: float, *, unit: str = "") -> bool:
    """Print whether the value is within its limit, and return it."""
    is_met = value <= limit
    print(f"{'met   ' if is_met else 'MISSED'} {name}: {value:.2f}{unit}, limit {limit:g}{unit}")
    return is_met


def print_figures(figures: Sequence[Figure], *, slack: float) -> bool:
    """Print a line for each page. False where one is over its limit times `slack`.

    The wall counts: processor time does not show a query that became slow.
    """
    print(f"{'':<22}{'queries':>8}{'bytes':>8}{'ms':>8}{'ratio':>8}{'of CPU':>8}{'limit':>7}")
    missed = {one.name for one in figures if one.limit and one.ratio > one.limit * slack}
    for one in figures:
        print(
            f"{one.name:<22}{one.queries:>8}{one.size:>8}{one.wall * 1000:>8.2f}{one.ratio:>8.1f}"
            f"{one.cpu_ratio:>8.1f}{one.limit or '':>7}{'  MISSED' if one.name in missed else ''}"
        )
    return not missed


def print_growth(small: Sequence[Figure], large: Sequence[Figure], *, limit: float) -> bool:
    """Print how much dearer each page is over the larger data. False where one is over the limit."""
    before = {one.name: one for one in small}
    alike = [one for one in large if one.size < before[one.name].size * LIKE + 1]
    growth = {one.name: one.ratio / before[one.name].ratio for one in alike}
    worst = max(growth.values())
    print("\nGrowth:", ", ".join(f"{name} {times:.2f}" for name, times in growth.items()))
    print(f"Limit: {limit}, {'met' if worst <= limit else 'MISSED'}.\n", flush=True)
    return worst <= limit
