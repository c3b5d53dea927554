"""Clients that send slowly do not keep others waiting, even where no proxy buffers for them."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from config import start, web
from tests.browser.servers import running, wait_for
from tests.processes import environment

pytestmark = pytest.mark.slow

WITHIN = 5.0  # seconds; a thread was held for as long as the client liked


@contextmanager
def site(folder: Path) -> Iterator[int]:
    """Start the web process as the product does; yields its port."""
    variables = environment(bell=settings.REDIS_URL, mail_port=1, WEB_CONCURRENCY="2")
    with socket.create_server(("127.0.0.1", 0), backlog=256) as bound:
        port, log = bound.getsockname()[1], folder / "web.log"
        command = start.web(bind=f"fd://{bound.fileno()}", grace=1)
        with running(command, variables, log=log, bound=bound) as process:
            wait_for(f"http://127.0.0.1:{port}/healthz/live", process=process, log=log)
            yield port


def seconds_to_answer(port: int) -> float:
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/accounts/login/", headers={"Host": "localhost"})
    assert connection.getresponse().status in {200, 301}
    connection.close()
    return time.monotonic() - began


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
def test_forty_half_sent_requests_do_not_hold_up_a_page(
    committed: str, tmp_path: Path, sent: bytes
) -> None:
    with site(tmp_path) as port, ExitStack() as stack:
        for _ in range(40):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(sent)

        assert seconds_to_answer(port) < WITHIN


def test_a_request_in_small_pieces_is_answered_and_the_next_one_too(
    committed: str, tmp_path: Path
) -> None:
    body = b"login=ana%40example.test&password=wrong"
    request = b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b"
    with site(tmp_path) as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            for byte in request % (len(body), body):
                client.sendall(bytes([byte]))
            with http.client.HTTPResponse(client) as response:
                response.begin()
                assert response.status == 200
                response.read()


def test_a_request_in_another_charset_is_refused(committed: str, tmp_path: Path) -> None:
    with site(tmp_path) as port:
        for charset in ("utf-7", "utf-16", "base64", "rot13", "idna", "no-such"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            headers = {"Host": "localhost", "Content-Type": f"text/plain; charset={charset}"}
            connection.request("GET", "/accounts/login/?next=%ff", headers=headers)
            assert connection.getresponse().status == 400
            connection.close()


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
