"""The load script counts right, and sees what is wrong with an answer."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from bench.load import Answer, Client, percentile, print_figures, visit

pytestmark = pytest.mark.slow

PAGES = {
    "right": "<h1>Aster 1</h1>",
    "empty": "<h1>Nothing</h1>",
    "leaky": '<h1>Aster 1</h1> <a href="/e/birch-2/">more</a>',
}


class Product(BaseHTTPRequestHandler):
    """Answers every page in one way; a posted form leads on."""

    way: ClassVar[str] = "right"

    def do_GET(self) -> None:
        if self.way == "hung up":
            self.close_connection = True
            return
        self.answer(500 if self.way == "broken" else 200, PAGES.get(self.way, ""))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(422 if self.way == "refused" else 302, "")

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def answers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """What a visitor saw of a product that answers in the way of the parameter."""
    monkeypatch.setattr(Product, "way", request.param)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Product)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        client = Client("aster-1", "Aster 1", {}, ["k1"])
        return visit(server.server_port, [client], 1, 0.3)
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("answers", ["right"], indirect=True)
def test_a_right_product_makes_no_errors(answers: list[Answer]) -> None:
    assert {one.error for one in answers} == {""}
    assert {"My week", "Status", "Check-in form", "Check-in"} <= {one.kind for one in answers}


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ("broken", "answered 500"),
        ("hung up", "answered 0 RemoteDisconnected"),
        ("refused", "answered 422"),
        ("empty", "without the client's name"),
        ("leaky", "WALL: a link into another client, birch-2"),
    ],
    indirect=["answers"],
)
def test_a_wrong_answer_is_an_error(answers: list[Answer], error: str) -> None:
    assert error in {one.error.strip() for one in answers}


def test_a_percentile_is_a_time_that_was_measured() -> None:
    assert [percentile([1, 2, 3, 4], share) for share in (0.5, 0.95, 0.25)] == [2, 4, 1]
    assert percentile([], 0.95) == 0.0


@pytest.mark.parametrize(
    ("answers", "met"),
    [
        ([Answer("Home", 1.5, 0.1)] * 300, True),
        ([Answer("Home", 1.5, 0.1)] * 299, False),
        ([Answer("Home", 0.5, 0.1)] + [Answer("Home", 1.5, 0.1)] * 299, False),
        ([Answer("Home", 1.5, 0.1)] * 284 + [Answer("Home", 1.5, 0.3)] * 16, False),
        ([Answer("Home", 1.5, 0.1)] * 300 + [Answer("Home", 0.5, 0.1, "answered 500")], False),
    ],
    ids=["met", "too few", "some in the warm-up", "too slow", "an error in the warm-up"],
)
def test_the_aims_are_judged_by_what_began_in_the_span(answers: list[Answer], met: bool) -> None:
    assert print_figures(answers, span=(1.0, 3.0)) is met
