"""A visitor behind the proxy, as gunicorn sees one: forms, cookies and no JavaScript."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

HOST = "okr.example.com"


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass(kw_only=True)
class Visitor:
    """Asks for pages at a port; `proxied` as the proxy does that ended TLS."""

    port: int
    proxied: bool = True
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        """The form of that page, filled in."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path).text)
        assert token
        return self.ask("POST", path, body=urlencode({"csrfmiddlewaretoken": token[1], **fields}))

    def ask(self, method: str, path: str, *, body: str = "") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body or None, headers=self.headers())
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        return Answer(status=answer.status, headers=answer.headers, text=text)

    def headers(self) -> dict[str, str]:
        proxy = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
        return {
            "Host": HOST,
            "Referer": f"https://{HOST}/",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **(proxy if self.proxied else {}),
        }
