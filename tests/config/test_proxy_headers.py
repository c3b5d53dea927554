"""Headers by which a visitor could pretend to be a proxy, sent to a gunicorn as it is started."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings

from config import start
from mail.models import OutboxMessage
from tests import build
from tests.accounts.signing_in import RESET
from tests.browser.servers import running, wait_for
from tests.processes import environment

Ask = Callable[..., http.client.HTTPResponse]
SITE = "https://okr.example.test"
CSRF = "a" * 32


@contextmanager
def web(folder: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Iterator[Ask]:
    """Start the web process with these variables; yields a function that asks it for a page."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    told = environment(bell=settings.REDIS_URL, mail_port=1, SITE_URL=SITE, WEB_CONCURRENCY="1")
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port, log = bound.getsockname()[1], folder / "web.log"

        def ask(
            method: str, path: str, headers: Mapping[str, str], body: str = ""
        ) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request(method, path, body or None, {"Host": "localhost", **headers})
            response = connection.getresponse()
            response.read()
            connection.close()
            return response

        command = start.web(bind=f"fd://{bound.fileno()}", grace=2)
        with running(command, told, log=log, bound=bound) as process:
            wait_for(f"http://127.0.0.1:{port}/healthz/live", process=process, log=log)
            yield ask


def https(ask: Ask) -> bool:
    """Whether a request that claims to have come by https is believed."""
    response = ask("GET", "/profile/", {"X-Forwarded-Proto": "https"})
    assert (response.status, response.headers["Location"]) in {
        (301, "https://localhost/profile/"),
        (302, "/accounts/login/?next=/profile/"),
    }
    return response.status == 302


def test_headers_of_a_visitor_are_ignored_where_no_proxy_is_configured(
    committed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web(tmp_path, monkeypatch) as ask:
        assert not https(ask)


def test_a_scheme_counts_only_from_the_addresses_of_the_proxies(
    committed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxies = {"TRUSTED_PROXY_COUNT": "1", "FORWARDED_ALLOW_IPS": "192.0.2.0/24"}
    with web(tmp_path, monkeypatch, **proxies) as ask:
        assert not https(ask)


def test_links_in_emails_are_built_from_the_site_url_whatever_the_headers(
    committed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.user("Alice")
    form = urlencode({"email": "alice@example.test", "csrfmiddlewaretoken": CSRF})
    games = {
        "Host": "localhost:666",
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "SCRIPT_NAME": "/accounts",
        "Referer": "https://localhost:666/",
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"__Host-csrf={CSRF}",
    }

    with web(tmp_path, monkeypatch, TRUSTED_PROXY_COUNT="1") as ask:
        assert https(ask)
        asked = ask("POST", RESET, games, form)
        moved = ask("GET", "/profile/", {"SCRIPT_NAME": "/profile", "X-Forwarded-Proto": "https"})

    assert (asked.status, asked.headers["Location"]) == (302, "/accounts/password/reset/done/")
    assert moved.headers["Location"] == "/accounts/login/?next=/profile/"
    link = OutboxMessage.objects.using("sweep").get().payload["context"]["password_reset_url"]
    assert link.startswith(f"{SITE}/accounts/password/reset/key/")
