"""The web process as it is started: slow clients, odd requests, and headers only a proxy may send."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings

from config import start, web
from mail.models import OutboxMessage
from tests import build
from tests.accounts.signing_in import RESET
from tests.browser.servers import running, wait_for
from tests.processes import environment

pytestmark = pytest.mark.slow

WITHIN = 5.0  # seconds; a thread was held for as long as the client liked
SITE = "https://okr.example.test"
CSRF = "a" * 32
LIVE = "/healthz/live"


@contextmanager
def site(folder: Path, **variables: str) -> Iterator[int]:
    """Start the web process as the product does, with these variables; yields its port."""
    told = environment(bell=settings.REDIS_URL, mail_port=1, SITE_URL=SITE, **variables)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        for name, value in variables.items():
            patch.setenv(name, value)
        bound = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=256))
        port, log = bound.getsockname()[1], folder / "web.log"
        command = start.web(bind=f"fd://{bound.fileno()}", grace=1)
        process = stack.enter_context(running(command, told, log=log, bound=bound))
        wait_for(f"http://127.0.0.1:{port}{LIVE}", process=process, log=log)
        yield port


def ask(
    port: int, path: str, headers: Mapping[str, str] = {}, *, form: Mapping[str, str] | None = None
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    method = "GET" if form is None else "POST"
    body = urlencode(form) if form else None
    connection.request(method, path, body, {"Host": "localhost", **headers})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: loc", id="half a header"),
        pytest.param(
            b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nlogin=",
            id="half a body",
        ),
    ],
)
def test_half_sent_requests_hold_up_no_page(committed: str, tmp_path: Path, sent: bytes) -> None:
    with site(tmp_path) as port, ExitStack() as stack:
        for _ in range(40):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(sent)
        began = time.monotonic()

        assert ask(port, "/accounts/login/").status in {200, 301}
        assert time.monotonic() - began < WITHIN


def test_odd_requests_are_answered(committed: str, tmp_path: Path) -> None:
    """In small pieces, one after the other on a connection; and in charsets that nobody reads."""
    body = b"login=ana%40example.test&password=wrong"
    request = b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b"
    with site(tmp_path) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(2):
                for byte in request % (len(body), body):
                    client.sendall(bytes([byte]))
                with http.client.HTTPResponse(client) as response:
                    response.begin()
                    assert response.status == 200
                    response.read()
        for charset in ("utf-7", "utf-16", "base64", "rot13", "idna", "no-such"):
            headers = {"Content-Type": f"text/plain; charset={charset}"}
            assert ask(port, "/accounts/login/?next=%ff", headers).status == 400


@pytest.mark.parametrize(
    ("received", "complete"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nab", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 900000\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * web.MOST_AWAITED, True),
    ],
)
def test_a_request_is_complete_with_its_body(received: bytes, complete: bool) -> None:
    assert web.is_complete(received) is complete


def is_secure(port: int) -> bool:
    """Whether a request that claims to have come by https is believed."""
    response = ask(port, "/profile/", {"X-Forwarded-Proto": "https"})
    assert (response.status, response.headers["Location"]) in {
        (301, "https://localhost/profile/"),
        (302, "/accounts/login/?next=/profile/"),
    }
    return response.status == 302


@pytest.mark.parametrize(
    "proxies",
    [
        pytest.param({}, id="no proxy is configured"),
        pytest.param(
            {"TRUSTED_PROXY_COUNT": "1", "FORWARDED_ALLOW_IPS": "192.0.2.0/24"}, id="not from it"
        ),
    ],
)
def test_a_scheme_counts_only_from_the_addresses_of_the_proxies(
    committed: str, tmp_path: Path, proxies: dict[str, str]
) -> None:
    with site(tmp_path, WEB_CONCURRENCY="1", **proxies) as port:
        assert not is_secure(port)


def test_links_in_emails_are_of_the_site_despite_headers(committed: str, tmp_path: Path) -> None:
    build.user("Alice")
    games = {
        "Host": "localhost:666",
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "SCRIPT_NAME": "/accounts",
        "Referer": "https://localhost:666/",
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"{settings.CSRF_COOKIE_NAME}={CSRF}",
    }

    with site(tmp_path, WEB_CONCURRENCY="1", TRUSTED_PROXY_COUNT="1") as port:
        assert is_secure(port)
        form = {"email": "alice@example.test", "csrfmiddlewaretoken": CSRF}
        asked = ask(port, RESET, games, form=form)
        moved = ask(port, "/profile/", {"SCRIPT_NAME": "/profile", "X-Forwarded-Proto": "https"})

    assert (asked.status, asked.headers["Location"]) == (302, "/accounts/password/reset/done/")
    assert moved.headers["Location"] == "/accounts/login/?next=/profile/"
    link = OutboxMessage.objects.using("sweep").get().payload["context"]["password_reset_url"]
    assert link.startswith(f"{SITE}/accounts/password/reset/key/")
