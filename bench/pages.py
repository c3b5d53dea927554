"""The cost of pages in process, as ratios to a bare view behind the same middleware.

The WSGI application is called without sockets, in rounds of a few calls per page in shuffled
order, so that a disturbance of the machine affects all pages alike.
"""

from __future__ import annotations

import gc
import io
import json
import random
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone

from accounts.models import User
from bench import Figure
from config.urls import urlpatterns
from demo.seeding import address, seed
from engagements.models import Membership, Role
from metrics.models import Metric
from okrs.models import KeyResult, Objective
from okrs.weeks import monday_of
from reviews.commands.agendas import draw_agenda
from reviews.commands.reviews import start_review
from reviews.models import Review
from tenancy.caches import counters
from tenancy.scoping import scope

Environ = dict[str, Any]
CSRF = "a" * 32
STEP = 10_000_000  # from a row's id to that of its copy
CALLS, POSTS = 6, 2  # a slot; each post takes another card, and there are some 160
SAMPLE, REVIEWS = 200, 8  # clients that are visited, and that hold a review
QUIET = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT set_config")  # not counted
SERVER = {
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "443",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost",
    "wsgi.url_scheme": "https",
    "QUERY_STRING": "",
}
HTMX_POST = {
    "CONTENT_TYPE": "application/x-www-form-urlencoded",
    "HTTP_HX_REQUEST": "true",
    "HTTP_ORIGIN": "https://localhost",
}
APPLICATION = WSGIHandler()
CLIENTS = """
    SELECT e.id, e.slug, (SELECT array_agg(k.public_id ORDER BY k.id) FROM okrs_keyresult k
        WHERE k.engagement_id = e.id),
        (SELECT jsonb_object_agg(m.role, m.user_id) FROM engagements_membership m
         WHERE m.engagement_id = e.id)
    FROM engagements_engagement e
    WHERE e.id < (SELECT max(id) FROM engagements_engagement) ORDER BY md5(e.id::text) LIMIT %s
"""
LARGE = """
    SELECT e.slug, c.public_id, m.user_id FROM engagements_engagement e
    JOIN okrs_cycle c ON c.engagement_id = e.id
    JOIN engagements_membership m ON m.engagement_id = e.id AND m.role = 'lead'
    ORDER BY e.id DESC LIMIT 1
"""
CARDS = """
    SELECT e.slug, k.public_id, k.latest_value::text, (SELECT c.public_id FROM checkins_checkin c
        WHERE c.engagement_id = k.engagement_id AND c.key_result_id = k.id ORDER BY id DESC LIMIT 1)
    FROM okrs_keyresult k JOIN engagements_engagement e ON e.id = k.engagement_id
    JOIN engagements_membership m ON m.engagement_id = e.id AND m.user_id = %s
    ORDER BY md5(e.slug || k.public_id)
"""


class Page(NamedTuple):
    """A page, how to ask for it, and the ratio that it must keep."""

    name: str
    ask: Callable[[], Environ]
    status: int = 200
    limit: float | None = None


def measure(clients: int, rounds: int) -> list[Figure]:
    """Seed so many clients, read, and write in a pass of its own: posts make pages cold."""

    @login_not_required
    def bare(request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")

    urlpatterns.append(path("bare/", bare))
    began = time.perf_counter()
    rows = sum(seed(clients=clients + 1, monday=monday_of(timezone.now().date())).values())
    _enlarge(f"seed-{clients + 1}")
    seconds = time.perf_counter() - began
    print(f"\nPages over {clients} clients: {rows:,} rows, seeded in {seconds:.0f} s.", flush=True)
    reads, post = _pages()
    read = _compare(reads, rounds=rounds, calls=CALLS)
    # The consultant has cards of ten clients; of one there are only 16.
    rounds, calls = (10, 1) if clients < 10 else (rounds, POSTS)
    return [*read, *_compare([reads[0], post], rounds=rounds, calls=calls)[1:]]


def _pages() -> tuple[list[Page], Page]:
    """Return the pages that are read, the bare view first, and the one that is posted."""
    site = _Site()
    _, slug, _, roles = site.clients[0]
    status = Page("status page", lambda: site.get(f"/e/{slug}/status/", roles["viewer"]))
    tag = _ask(status)[0]["ETag"]
    reads = [
        Page("bare view", lambda: site.get("/bare/")),
        Page("bare view, signed in", lambda: site.get("/bare/", site.consultant)),
        Page("status page, kept body", status.ask, limit=9),
        Page("status page, first reader", site.first_status, limit=60),
        Page("status page, warm", lambda: status.ask() | {"HTTP_IF_NONE_MATCH": tag}, 304, limit=8),
        Page("My week, rows kept", lambda: site.get("/", site.consultant), limit=36),
        Page("My week, first reader", lambda: site.first("/", site.consultant), limit=54),
        Page("key result", lambda: site.page("key-results/{key_result}/"), limit=45),
        Page("engagement home", lambda: site.page(""), limit=45),
        Page("board", lambda: site.page("board/"), limit=45),
        Page("review screen", site.review, limit=45),
        Page("decision log", lambda: site.page("decisions/"), limit=45),
        Page("cycle, 160 rows", lambda: site.get(site.large_cycle, site.large_lead), limit=110),
        Page("home, 160 rows", lambda: site.get(site.large_home, site.large_lead), limit=100),
    ]
    return reads, Page("check-in post", site.check_in, limit=26)


def _enlarge(slug: str) -> None:
    """Give a client ten times its objectives, metrics and key results, none of the consultant's."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model, name in ((Objective, "title"), (Metric, "name"), (KeyResult, "title")):
            table = model._meta.db_table
            own = [str(field.column) for field in model._meta.concrete_fields]
            copied = {
                **{text: f"{text} || ' ' || n" for text in (name, f"{name}_key")},
                "public_id": "left(md5(public_id || n), 12)",
                "position": "position + 4 * n",
                **{key: f"{key} + {STEP} * n" for key in ("id", "objective_id", "metric_id")},
            }
            values = ", ".join(copied.get(column, column) for column in own)
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(own)}) SELECT {values}"
                f" FROM {table}, generate_series(1, 9) AS n WHERE engagement_id ="
                " (SELECT id FROM engagements_engagement WHERE slug = %s)",
                [slug],
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute(
            "UPDATE okrs_keyresult k SET owner_id = m.id FROM engagements_membership m"
            " JOIN engagements_engagement e ON e.id = m.engagement_id"
            " WHERE k.engagement_id = e.id AND e.slug = %s AND m.role = 'lead'",
            [slug],
        )


class _Site:
    """The seeded clients; draws another one at each request, the same ones in each run."""

    def __init__(self) -> None:
        self.chance = random.Random(2026)  # noqa: S311 - no secret
        self.consultant = User.objects.using("owner").get(email=address("consultant")).pk
        with connections["owner"].cursor() as cursor:
            cursor.execute(CLIENTS, [SAMPLE])
            self.clients = [(*row, json.loads(roles)) for *row, roles in cursor.fetchall()]
            cursor.execute(LARGE)
            slug, cycle_id, self.large_lead = cursor.fetchone()
            cursor.execute(CARDS, [self.consultant])
            self.cards = iter(cursor.fetchall())
        self.large_home, self.large_cycle = f"/e/{slug}/", f"/e/{slug}/cycles/{cycle_id}/"
        readers = {roles[role] for *_, roles in self.clients for role in ("viewer", "champion")}
        users = (*readers, self.consultant, self.large_lead)
        self.cookies = {user: _sign_in(user) for user in users}
        held = self.clients[:REVIEWS]
        self.reviews = cycle([(slug, _start_review(pk), roles) for pk, slug, _, roles in held])

    def first(self, path: str, user: int) -> Environ:
        """Ask when no row is in the cache."""
        if rows := counters().keys("*:seedresult*"):
            counters().delete(*rows)
        return self.get(path, user)

    def first_status(self) -> Environ:
        if bodies := counters().keys("*:status:*"):
            counters().delete(*bodies)
        return self.page("status/", "viewer")

    def page(self, path: str, role: str = "champion") -> Environ:
        _, slug, key_results, roles = self.chance.choice(self.clients)
        path = path.format(key_result=self.chance.choice(key_results))
        return self.get(f"/e/{slug}/{path}", roles[role])

    def review(self) -> Environ:
        slug, public_id, roles = next(self.reviews)
        return self.get(f"/e/{slug}/reviews/{public_id}/", roles["champion"])

    def check_in(self) -> Environ:
        slug, key_result, value, latest = next(self.cards)
        today = timezone.now().date()
        fields = {
            "actual": value,
            "measured_on": monday_of(today),
            "confidence": "4",
            "insight": "Two stores moved the shelf, and buyers found it.",
            "next_action": "Move the shelf in all other stores too",
            "next_action_due": f"{today.year + 1}-01-15",
            "seen": latest,
            "key": uuid4(),
            "csrfmiddlewaretoken": CSRF,
        }
        path = f"/e/{slug}/key-results/{key_result}/check-in/"
        return self.get(path, self.consultant, body=urlencode(fields).encode())

    def get(self, path: str, user: int | None = None, *, body: bytes = b"") -> Environ:
        return {
            **SERVER,
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            **(HTMX_POST if body else {}),
            **({"HTTP_COOKIE": self.cookies[user]} if user else {}),
        }


def _sign_in(user: int) -> str:
    """Return the cookies of someone who has signed in."""
    client, name = Client(), settings.SESSION_COOKIE_NAME
    client.force_login(User.objects.using("owner").get(pk=user))
    return f"{name}={client.cookies[name].value}; {settings.CSRF_COOKIE_NAME}={CSRF}"


def _start_review(engagement_id: int) -> str:
    with scope(engagement_id):
        lead = Membership.objects.select_related("engagement").get(role=Role.LEAD)
        review = Review.objects.get(started_at=None)
        draw_agenda(review=review, by=lead, now=timezone.now())
        now = timezone.now()
        return start_review(review=review, by=lead, now=now, confirm_day=True).public_id


def _ask(page: Page) -> tuple[dict[str, str], bytes]:
    """Return headers and body. Raises RuntimeError where a page answers with another status."""
    status, headers, body = _answer(page.ask())
    if not status.startswith(str(page.status)):
        raise RuntimeError(f"{page.name} answered {status}, not {page.status}.")
    return headers, body


def _answer(environ: Environ) -> tuple[str, dict[str, str], bytes]:
    begun: list[Any] = []
    answer: Any = APPLICATION(environ, lambda *head: begun.append(head))  # type: ignore[arg-type]
    body = b"".join(answer)
    answer.close()
    ((status, headers),) = begun
    return status, dict(headers), body


def _compare(pages: Sequence[Page], *, rounds: int, calls: int) -> list[Figure]:
    """Time all pages against the first one, the bare view.

    A ratio is the median over the rounds, or least to least where that is lower: noise only adds.
    """
    chance = random.Random(2026)  # noqa: S311 - an order, no secret
    walls: dict[str, list[float]] = {page.name: [] for page in pages}
    cpus: dict[str, list[float]] = {page.name: [] for page in pages}
    seen = {}
    for page in pages:
        for _ in range(3):
            _ask(page)
        with CaptureQueriesContext(connection) as captured:
            _, body = _ask(page)
        sent = [query["sql"] for query in captured.captured_queries]
        seen[page.name] = (sum(not sql.startswith(QUIET) for sql in sent), len(body))
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for page in chance.sample(pages, len(pages)):
            # What is done before a request, such as emptying a cache, is not the page's time.
            wall = cpu = 0.0
            for _ in range(calls):
                environ = page.ask()
                wall, cpu = wall - time.perf_counter(), cpu - time.thread_time()
                _answer(environ)
                wall, cpu = wall + time.perf_counter(), cpu + time.thread_time()
            walls[page.name].append(wall / calls)
            cpus[page.name].append(cpu / calls)
    gc.unfreeze()
    bare = pages[0].name
    return [
        Figure(
            page.name,
            *seen[page.name],
            wall=median(walls[page.name]),
            ratio=_ratio(walls[page.name], walls[bare]),
            cpu_ratio=_ratio(cpus[page.name], cpus[bare]),
            limit=page.limit,
        )
        for page in pages
    ]


def _ratio(seconds: Sequence[float], bare: Sequence[float]) -> float:
    paired = median(one / base for one, base in zip(seconds, bare, strict=True))
    return min(paired, min(seconds) / min(bare))
