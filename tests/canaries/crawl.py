"""Reads all that one actor can reach, and says which marks were where they do not belong."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve

from tests.canaries.marks import Mark, marks_in
from tests.canaries.pages import ways_of
from tests.lock_order import watched

HTMX = {"HX-Request": "true"}
# The first two would end the crawl, the other asks for patience; their pages are read.
NEVER_POSTED = {"account_logout", "notifications:sessions-end", "account_change_password"}
MOST_POSTS = 1  # of one name that are followed, beside those that the crawl starts from
HTML = "text/html"
ZIP = "application/zip"
LEADS_ON = {200, 409, 422}  # refusals lead nowhere


@dataclass(frozen=True)
class Ask:
    """One request, for a whole page or for a fragment."""

    path: str
    is_htmx: bool = False
    data: tuple[tuple[str, str], ...] | None = None  # of a POST

    def __str__(self) -> str:
        method = "POST" if self.is_post else "GET"
        return f"{method} {self.path}{' by htmx' if self.is_htmx else ''}"

    @property
    def is_post(self) -> bool:
        return self.data is not None

    @property
    def name(self) -> str:
        """Of its address in the URLconf."""
        try:
            return resolve(urlsplit(self.path).path).view_name
        except Resolver404:
            return ""


@dataclass
class Crawl:
    """What one actor read; `may_read` says which marks they may see."""

    actor: str
    browser: Client
    may_read: Callable[[Mark], bool]
    most_reads: int = 3  # pages of one name that are followed
    seen: set[Mark] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    _known: set[Ask] = field(default_factory=set)
    _followed: Counter[tuple[str, bool, bool]] = field(default_factory=Counter)
    _queue: deque[Ask] = field(default_factory=deque)

    def run(self, seeds: Iterable[Ask], *, follow: bool = True) -> Crawl:
        for seed in seeds:
            self._plan(seed, is_seed=True)
        while self._queue:
            ask = self._queue.popleft()
            body = self._look(ask)
            if follow and not ask.is_post:  # what answers a form is the same form again
                self._follow(body, at=ask.path)
        return self

    @property
    def responses(self) -> int:
        return self.statuses.total()

    def _plan(self, ask: Ask, *, is_seed: bool = False) -> None:
        if ask in self._known:
            return
        self._known.add(ask)
        if not is_seed:
            kind = (ask.name, ask.is_htmx, ask.is_post)
            self._followed[kind] += 1
            if self._followed[kind] > (MOST_POSTS if ask.is_post else self.most_reads):
                return
        if not (ask.is_post and ask.name in NEVER_POSTED):
            self._queue.append(ask)

    def _look(self, ask: Ask) -> str:
        """The body; what must not be in it or in the headers is kept among the leaks."""
        response = self._answer(ask)
        self.statuses[response.status_code] += 1
        body = _text_of(response)
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        found = set(marks_in(body)) | set(marks_in(headers))
        self.seen |= found
        self.leaks += [
            f"{self.actor}: {ask} ({response.status_code}) shows {mark}"
            for mark in sorted(found)
            if not self.may_read(mark)
        ]
        for name in ("Location", "HX-Redirect"):
            if (to := response.headers.get(name, "")).startswith("/"):
                self._plan(Ask(to.partition("#")[0]))
        is_page = response.headers.get("Content-Type", "").startswith(HTML)
        return body if is_page and response.status_code in LEADS_ON else ""

    def _answer(self, ask: Ask) -> Any:
        """Inside a savepoint that is rolled back, so that no answer changes the next one."""
        self.browser.raise_request_exception = False
        number = self.responses
        common: dict[str, Any] = {
            "headers": HTMX if ask.is_htmx else {},
            # From another address each time: how often one may ask is none of this.
            "REMOTE_ADDR": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        }
        if number % 1_000 == 0:
            cache.clear()  # how many forms a person may post is not asked here
        with watched(), transaction.atomic():
            if ask.data is None:
                response = self.browser.get(ask.path, **common)
            else:
                response = self.browser.post(ask.path, dict(ask.data), **common)
            transaction.set_rollback(True)
        return response

    def _follow(self, body: str, *, at: str) -> None:
        ways = ways_of(body, at=at)
        for page in ways.pages:
            self._plan(Ask(page))
        for fragment in ways.fragments:
            self._plan(Ask(fragment, is_htmx=True))
        for form in ways.forms:
            shown, blank = (tuple(sorted(data.items())) for data in (form.values, form.blank()))
            self._plan(Ask(form.action, is_htmx=True, data=shown))
            self._plan(Ask(form.action, data=blank))


def _text_of(response: Any) -> str:
    """What it says, also where that is packed into a zip."""
    if response.headers.get("Content-Type") != ZIP:
        return str(response.content.decode())
    with ZipFile(BytesIO(response.content)) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())
