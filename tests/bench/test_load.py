"""The load tool counts right, and sees what is wrong: with an answer, behind a wall, in the rows."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pytest

from bench.load import visitors
from bench.load.audit import audit
from bench.load.figures import Answer, figures, percentile, table, verdict, worst_errors
from bench.load.plan import Client, Person, Plan, read, write
from engagements.scoping import scope
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import TUESDAY, post

FORM = """<li id="card-k1"><form>
    <input type="hidden" name="csrfmiddlewaretoken" value="token">
    <input type="hidden" name="key" value="key-of-the-form"></form></li>"""


def answers(*seconds: float, kind: str = "Home", error: str = "") -> list[Answer]:
    return [Answer(kind, 1.0, one, error) for one in seconds]


def test_a_percentile_is_a_time_that_was_measured() -> None:
    times = [0.004, 0.001, 0.003, 0.002]

    assert [percentile(times, share) for share in (0.5, 0.95, 0.25)] == [0.002, 0.004, 0.001]
    assert percentile([], 0.95) == 0.0


def test_figures_count_what_began_and_ended_in_the_span() -> None:
    seen = [
        Answer("Home", 0.5, 0.1),  # in the warm-up
        Answer("Home", 2.0, 0.2),
        Answer("Home", 3.0, 0.4),
        Answer("Home", 5.9, 0.9),  # after the end
    ]

    found = figures(seen, seconds=6.0, warm_up=1.0)

    assert (found.count, found.rate, found.p50, found.p99) == (2, 0.4, 0.2, 0.4)


def test_an_error_counts_whenever_it_comes() -> None:
    found = figures([Answer("Home", 0.1, 0.1, "answered 500")], seconds=6.0, warm_up=1.0)

    assert (found.count, found.errors) == (0, 1)


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        (answers(*[0.1] * 300), [True, True, True]),
        (answers(*[0.1] * 299), [False, True, True]),
        (answers(*[0.1] * 284, *[0.3] * 16), [True, False, True]),
        (answers(*[0.1] * 300) + answers(0.1, error="answered 500"), [True, True, False]),
    ],
)
def test_each_aim_is_judged(seen: list[Answer], kept: list[bool]) -> None:
    found = figures(seen, seconds=2.0)

    assert [line.startswith("kept") for line in verdict(found)] == kept
    assert found.keep == all(kept)


def test_the_table_has_a_row_for_each_kind_and_all() -> None:
    rows = list(table(answers(0.1) + answers(0.3, 0.5, kind="Status"), seconds=2.0))

    assert rows[2:] == [
        "| Status | 2 | 1.0 | 300 | 500 | 500 | 0 |",
        "| Home | 1 | 0.5 | 100 | 100 | 100 | 0 |",
        "| **all** | 3 | 1.5 | 300 | 500 | 500 | 0 |",
    ]


class Product(BaseHTTPRequestHandler):
    """What stands in for the product: right, or wrong in one way."""

    protocol_version = "HTTP/1.1"
    way: ClassVar[str] = ""
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.way == "broken":
            self.answer("", status=500)
        elif self.way == "hung up":
            self.close_connection = True
        elif self.path.startswith("/e/aster-1/key-results/k1/check-in/"):
            self.answer(FORM)
        else:
            client = {"leaky": "Aster 1, Birch 2", "empty": ""}.get(self.way, "Aster 1")
            link = '<a href="/e/birch-2/">' if self.way == "linked" else ""
            self.answer(f"<h1>{client}</h1>{link}")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        event = "" if self.way == "refused" else "check-in-recorded"
        self.answer(FORM, status=200, event=event)

    def answer(self, text: str, *, status: int = 200, event: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("HX-Trigger", event)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def visited(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> visitors.Record:
    """What two visitors saw of a product that is wrong in the way of the parameter."""
    monkeypatch.setattr(Product, "way", request.param)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Product)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        return visitors.run(plan(port=server.server_port))
    finally:
        server.shutdown()
        server.server_close()


def plan(*, port: int) -> Plan:
    """One client, one of whose two people owns a card."""
    owner = Person(session="s", reads=["aster-1"], cards=[("aster-1", "k1", "8.0")])
    return Plan(
        port=port,
        host="okr.load.test",
        seed=1,
        visitors=2,
        seconds=0.4,
        names=r"(?:Aster|Birch) \d+",
        clients={"aster-1": Client(slug="aster-1", name="Aster 1", key_results=["k1"])},
        people=[owner, Person(session="t", reads=["aster-1"])],
    )


@pytest.mark.parametrize("visited", ["right"], indirect=True)
def test_a_right_product_makes_no_errors(visited: visitors.Record) -> None:
    assert worst_errors(visited.answers) == []
    assert visited.sent == [("check-ins", "key-of-the-form", True)]
    assert {"My week", "Check-in form", "Check-in"} <= {one.kind for one in visited.answers}


@pytest.mark.parametrize(
    ("visited", "error"),
    [
        ("broken", "answered 500"),
        ("hung up", "no answer (RemoteDisconnected)"),
        ("empty", "without what it should hold"),
        ("leaky", "WALL: the name of another client, Birch 2"),
        ("linked", "WALL: the link into another client, birch-2"),
    ],
    indirect=["visited"],
)
def test_a_wrong_answer_is_an_error(visited: visitors.Record, error: str) -> None:
    assert any(one.error == error for one in visited.answers)
    assert figures(visited.answers, seconds=0.4).errors >= 2


@pytest.mark.parametrize("visited", ["refused"], indirect=True)
def test_a_post_that_was_refused_is_an_error_and_not_taken(visited: visitors.Record) -> None:
    wrong = [one.error for one in visited.answers if one.kind == "Check-in"]

    assert wrong == ["without the event check-in-recorded"]
    assert visited.sent == [("check-ins", "key-of-the-form", False)]


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(plan(port=1), tmp_path / "plan.json")

    found = read(tmp_path / "plan.json")

    assert (found.clients, found.port) == (plan(port=1).clients, 1)
    assert [list(card) for card in found.people[0].cards] == [["aster-1", "k1", "8.0"]]


def test_rows_that_were_posted_are_there_and_no_others(committed: str) -> None:
    """A key result whose standing is not that of its last check-in is found too."""
    lead = build.member(build.engagement())
    with scope(lead.engagement_id):
        card = build.live_key_result(build.objective(lead, build.cycle(lead.engagement)))
        key = str(post(card, lead).idempotency_key)

    def wrong(*sent: tuple[str, str, bool]) -> list[str]:
        return list(audit(sent, since=TUESDAY))

    taken, unsure = ("check-ins", key, True), ("check-ins", key, False)
    lost = ("check-ins", str(uuid4()), True)
    assert wrong(taken) == []
    assert wrong(unsure) == []
    assert wrong() == ["1 check-ins are there and nobody posted them"]
    assert wrong(taken, lost) == ["1 check-ins were accepted and are not there"]
    with scope(lead.engagement_id):
        KeyResult.objects.filter(engagement=lead.engagement).update(latest_value=1)
    assert wrong(taken) == ["1 key results do not stand as their last check-in says"]
