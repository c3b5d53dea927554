"""The pages that are measured, with what they must keep and would better reach."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.utils import timezone

from bench.pages.asking import Asker, Environ, Page, get
from bench.pages.cast import Cast, gather
from bench.pages.comparing import Figure, compared
from okrs.weeks import monday_of
from reviews.seeding import seed

POSTS = 2  # calls in a slot: each takes another card, and there are some 160


def measure(*, clients: int, rounds: int) -> list[Figure]:
    """Seed so many clients, read, and write in a pass of its own: posts make pages cold."""
    began = time.perf_counter()
    rows = sum(seed(clients=clients, monday=monday_of(timezone.now().date())).values())
    print(f"Seeded {rows:,} rows in {time.perf_counter() - began:.0f} s: {_sizes()}.", flush=True)
    settings.ROOT_URLCONF = "bench.pages.urls"
    cast = gather()
    bare = Page(name="bare view", ask=lambda: get("/bare/"))
    read = compared([bare, *_read(cast)], rounds=rounds)
    few = clients < 10  # the consultant has cards of ten: of one, there are 16
    written = compared([bare, _post(cast)], rounds=10 if few else rounds, calls=1 if few else POSTS)
    return [*read, *written[1:]]


def _sizes() -> str:
    """Of the database, and of its three largest tables with their indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'database', pg_database_size(current_database()) UNION ALL"
            " (SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
            " ORDER BY 2 DESC LIMIT 3)"
        )
        return ", ".join(f"{name} {size / 2**20:.0f} MB" for name, size in cursor.fetchall())


def _read(cast: Cast) -> list[Page]:
    return [
        Page(name="bare view, signed in", ask=lambda: get("/bare/", session=cast.consultant)),
        Page(name="status page, cold", ask=cast.status, most=35, aim=22),
        Page(name="status page, warm", ask=_warm(cast), status=304, most=8, aim=5),
        Page(name="My week", ask=lambda: get("/", session=cast.consultant), most=40, aim=32),
        Page(name="key result", ask=cast.key_result),
        Page(name="engagement home", ask=cast.page),
        Page(name="board", ask=lambda: cast.page("board/")),
        Page(name="review screen", ask=cast.review, aim=40),
        Page(name="decision log", ask=lambda: cast.page("decisions/")),
    ]


def _post(cast: Cast) -> Page:
    return Page(name="check-in post", ask=cast.check_in, most=32, aim=17)


def _warm(cast: Cast) -> Callable[[], Environ]:
    """Of one client, by the tag that its reader got."""
    one = cast.clients[0]
    path = f"/e/{one.slug}/status/"
    first = Page(name="status page", ask=lambda: get(path, session=one.viewer))
    headers, _ = Asker()(first)

    def ask() -> Environ:
        return get(path, session=one.viewer, HTTP_IF_NONE_MATCH=headers["ETag"])

    return ask
