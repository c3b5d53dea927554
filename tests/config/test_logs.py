"""No token in any log: not of pages, of refusals, of failures, nor of the web server."""

from __future__ import annotations

import io
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.limits import SHARE_LINK_GUESSES
from config.logs import MaskTokens, masked
from engagements.links import share_link_token
from tests import build
from tests.browser.servers import broker, running, serving
from tests.config.indiscreet import TOKEN
from tests.processes import beat, environment, eventually, worker

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("/s/{}/", "/s/…/"),
        ("/s/{}", "/s/…"),
        ("/s/{}/?as_of=2026-03-01", "/s/…/?as_of=2026-03-01"),
        ("/invitations/{}/", "/invitations/…/"),
        ("https://okr.example.com/s/{}/", "https://okr.example.com/s/…/"),
        ("/accounts/login/?next=/invitations/{}/", "/accounts/login/?next=/invitations/…/"),
        ("/login/?next=%2Finvitations%2F{}%2F", "/login/?next=%2Finvitations%2F…%2F"),
        ("/accounts/password/reset/key/{}/", "/accounts/password/reset/key/…/"),
        ("/login/?next=%2Faccounts%2Fpassword%2Freset%2Fkey%2F{}%2F",) * 2,
        ("/notices/stop/{}/", "/notices/stop/…/"),
        ("/login/?next=%2Fnotices%2Fstop%2F{}%2F", "/login/?next=%2Fnotices%2Fstop%2F…%2F"),
        ("/profile/address/{}/", "/profile/address/…/"),
        *[
            (
                f"/login/?next=/profile/address/WzEs{colon}1vNabc{colon}{{}}/&expired=1",
                "/login/?next=/profile/address/…/&expired=1",
            )
            for colon in (":", "%3A", "%3a")
        ],
        ("/e/northwind/share-links/abc/revoke/ 405 /static/s.css",) * 2,
    ],
)
def test_addresses_with_keys_are_masked_and_others_stay_readable(address: str, seen: str) -> None:
    text = masked(f'"GET {address.format(TOKEN)} HTTP/1.1" 404')

    assert text == f'"GET {seen.format("…")} HTTP/1.1" 404'


@pytest.fixture
def console(settings: Settings) -> Iterator[io.StringIO]:
    """What Django's logs write with the product's own settings."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("{levelname} {name} {message}", style="{"))
    (configured,) = settings.LOGGING["handlers"]["console"]["filters"]
    assert settings.LOGGING["filters"][configured]["()"] == "config.logs.MaskTokens"
    handler.addFilter(MaskTokens())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_refusals_are_logged_without_tokens(db: None, client: Client, console: io.StringIO) -> None:
    token = share_link_token(build.share_revoked(build.member(build.engagement())))

    codes = [client.get(f"/s/{token}/").status_code for _ in range(SHARE_LINK_GUESSES.amount + 1)]
    client.get(f"/invitations/{token}/")

    assert codes[-1] == 429
    assert token not in console.getvalue()
    for line in ("Not Found: /s/…/", "Too Many Requests: /s/…/", "Not Found: /invitations/…/"):
        assert line in console.getvalue()


def test_failures_are_logged_without_the_token(
    db: None, client: Client, console: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = share_link_token(build.share(build.member(build.engagement())))

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot draw /s/{token}/")

    monkeypatch.setattr("status.views.moment_of", fails)
    client.raise_request_exception = False
    answer = client.get(f"/s/{token}/")

    assert (answer.status_code, answer["Referrer-Policy"]) == (500, "no-referrer")
    assert token not in console.getvalue()
    assert "Internal Server Error: /s/…/" in console.getvalue()
    assert "RuntimeError: cannot draw /s/…/" in console.getvalue()


def test_a_message_that_does_not_fit_its_arguments_is_left_to_the_handler() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s and %s", ("one",), None)

    assert MaskTokens().filter(record)
    assert record.args == ("one",)


def test_the_web_server_logs_requests_without_tokens(
    committed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = share_link_token(build.share(build.member(build.engagement())))
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--access-logfile -")

    with serving(tmp_path) as served:
        codes = [code_of(f"{served.url}/s/{each}/") for each in (token, f"{token}x")]
    log = (tmp_path / "web.log").read_text()

    assert codes == [200, 404]
    assert token not in log
    for line in ('"GET /s/…/ HTTP/1.1" 200', '"GET /s/…/ HTTP/1.1" 404', "Not Found: /s/…/"):
        assert line in log


def code_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310  our own address
            return int(response.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


@pytest.mark.parametrize("what", ["worker", "beat"])
def test_worker_and_beat_log_without_tokens(committed: str, tmp_path: Path, what: str) -> None:
    app, log = "tests.config.indiscreet", tmp_path / "log"
    commands = {"worker": worker(app=app), "beat": beat(tmp_path / "schedule", app=app)}

    with broker() as bell, running(commands[what], environment(bell=bell, mail_port=1), log=log):
        told = eventually(lambda: "RuntimeError: cannot draw" in log.read_text())

    assert told, log.read_text()
    assert TOKEN not in log.read_text()
    assert "ERROR plumbline Failed on /s/…/" in log.read_text()
    assert "RuntimeError: cannot draw /s/…/" in log.read_text()
