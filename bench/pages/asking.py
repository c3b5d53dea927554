"""Asking the application as a server does, without one."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

Environ = dict[str, Any]
CSRF = "a" * 32
SERVER = {
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "443",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost",
    "wsgi.url_scheme": "https",
    "wsgi.version": (1, 0),
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """Something to ask for; `ask` makes another request each time.

    `most` is the ratio to the bare view that it must keep, `aim` the one it would better reach.
    """

    name: str
    ask: Callable[[], Environ]
    status: int = 200
    most: float | None = None
    aim: float | None = None


class Asker:
    """Calls the application; a page that answers otherwise than it should ends the run."""

    def __init__(self) -> None:
        self.application = WSGIHandler()

    def __call__(self, page: Page) -> tuple[dict[str, str], bytes]:
        """Headers and body."""
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        answer: Any = self.application(page.ask(), lambda *head: begun.append(head))  # type: ignore[arg-type]
        body = b"".join(answer)
        answer.close()
        ((status, headers),) = begun
        if not status.startswith(str(page.status)):
            raise SystemExit(f"{page.name} answered {status}, not {page.status}.")
        return dict(headers), body


def get(path: str, *, session: str = "", **headers: str) -> Environ:
    return _environ("GET", path, session=session, body=b"", **headers)


def post(path: str, fields: dict[str, str], *, session: str) -> Environ:
    """As htmx sends a form."""
    body = urlencode({**fields, "csrfmiddlewaretoken": CSRF}).encode()
    return _environ(
        "POST",
        path,
        session=session,
        body=body,
        CONTENT_TYPE="application/x-www-form-urlencoded",
        HTTP_HX_REQUEST="true",
        HTTP_ORIGIN="https://localhost",
    )


def _environ(method: str, path: str, *, session: str, body: bytes, **headers: str) -> Environ:
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: CSRF}
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return {
        **SERVER,
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        **({"HTTP_COOKIE": cookie} if session else {}),
        **headers,
    }
