"""One visitor's browser: a connection that stays open, cookies, and what a page brought along."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

TIMEOUT = 30.0
IDLE = 1.0  # seconds after which a connection is not trusted: gunicorn ends it after two
SESSION, CSRF = "__Host-session", "__Host-csrf"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Status, headers and text of an answer."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    text: str


class Browser:
    """Speaks through a proxy that ended https before it, as production has one."""

    def __init__(self, *, port: int, host: str, address: str, session: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self.origin = f"https://{host}"
        self.cookies = {SESSION: session} if session else {}
        self.used = 0.0
        self.always = {"Host": host, "X-Forwarded-Proto": "https", "X-Forwarded-For": address}

    def get(self, path: str, *, htmx: bool = False, etag: str = "") -> Reply:
        known = {"If-None-Match": etag} if etag else {}
        return self._ask("GET", path, {**(self._htmx() if htmx else {}), **known})

    def post(self, path: str, fields: Mapping[str, str], *, htmx: bool = False) -> Reply:
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self.origin,
            "Referer": f"{self.origin}/",
            **(self._htmx() if htmx else {}),
        }
        return self._ask("POST", path, sent, body=urlencode(fields).encode())

    def close(self) -> None:
        self.connection.close()

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if time.monotonic() - self.used > IDLE:
            self.connection.close()
        sent = {**self.always, **headers, **({"Cookie": cookie} if cookie else {})}
        self.connection.request(method, path, body=body, headers=sent)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        self.used = time.monotonic()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, content = value.partition(";")[0].partition("=")
                self.cookies[key] = content
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(status=answer.status, headers=found, text=text)

    def _htmx(self) -> dict[str, str]:
        return {"HX-Request": "true", "HX-Current-URL": f"{self.origin}/"}
