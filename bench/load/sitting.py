"""One reader at one browser, with a watch: every request is timed, then its answer is checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException

from bench.load.browser import Browser, Reply
from bench.load.figures import Answer
from bench.load.wall import Wall, Wrong

AFTER_A_BREAK = 0.05  # seconds, so that a server that is gone is not asked thousands of times


class Over(Exception):
    """The time is up."""


@dataclass
class Record:
    """What one visitor saw and sent."""

    seconds: float
    begin: float = 0.0  # on the monotonic clock
    answers: list[Answer] = field(default_factory=list)
    sent: list[tuple[str, str, bool]] = field(default_factory=list)  # what, which, taken
    posts: int = 0

    @property
    def now(self) -> float:
        return time.monotonic() - self.begin


class Sitting:
    def __init__(self, *, record: Record, browser: Browser, wall: Wall) -> None:
        self.record, self.browser, self.wall = record, browser, wall

    def get(
        self, kind: str, path: str, *, has: str = "", htmx: bool = False, etag: str = ""
    ) -> Reply | None:
        """The answer, or None where it is wrong. With `etag` it may say that nothing changed."""
        statuses = (200, 304) if etag else (200,)

        def check(reply: Reply) -> None:
            self.wall.check(reply, statuses=statuses, has="" if reply.status == 304 else has)

        return self._timed(kind, lambda: self.browser.get(path, htmx=htmx, etag=etag), check)

    def post(
        self, kind: str, path: str, fields: Mapping[str, str], *, event: str = "", has: str = ""
    ) -> Reply | None:
        """By htmx where an `event` has to come of it, else as a form that leads on."""
        statuses: Collection[int] = (200,) if event else (302,)

        def check(reply: Reply) -> None:
            self.wall.check(reply, statuses=statuses, has=has)
            if event not in reply.headers.get("hx-trigger", ""):
                raise Wrong(f"without the event {event}")

        self.record.posts += 1
        return self._timed(kind, lambda: self.browser.post(path, fields, htmx=bool(event)), check)

    def close(self) -> None:
        self.browser.close()

    def _timed(
        self, kind: str, ask: Callable[[], Reply], check: Callable[[Reply], None]
    ) -> Reply | None:
        record = self.record
        began = record.now
        if began >= record.seconds:
            raise Over
        reply, error = None, ""
        try:
            reply = ask()
        except (OSError, HTTPException) as broken:
            error = f"no answer ({type(broken).__name__})"
        took = record.now - began
        try:
            if reply is not None:
                check(reply)
        except Wrong as wrong:
            reply, error = None, str(wrong)
        record.answers.append(Answer(kind, began, took, error))
        if error:
            self.browser.close()
            time.sleep(AFTER_A_BREAK)
        return reply
