"""Bytes that PostgreSQL or Python would trip over are answered 4xx at every URL, never 500."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.urls import get_resolver, reverse

from tests import access_cast
from tests.access_table import TABLE
from tests.test_access import URLS, Url

pytestmark = [pytest.mark.django_db(databases=["default", "sweep"]), pytest.mark.slow]

NUL = "a\0b"
ODD = (
    *(NUL, "9" * 400, "0" * 5000, "-1", "\ud800".encode("utf-8", "replace").decode()),
    *("0001-01-01", "9999-12-31T23:59"),
)
PARAMETERS = (
    *("page", "as_of", "q", "about", "after", "open", "objective", "key_result", "item", "view"),
    *("part", "next", "place", "actual", "confidence", "seen", "rule", "state", "owner", "team"),
    *("cycle", "change", "on", "until", "since", "person", "engagement", "live", "audit", "told"),
)


@pytest.fixture
def lead(cast: access_cast.Cast) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(cast.people["lead"])
    return client


def path_of(url: Url, cast: access_cast.Cast, **other: str) -> str:
    """The path of that URL with our own objects in it, or what is given instead of one."""
    known = {"uidb36": "1", "key": "set-password", **cast.objects[0]}
    arguments = {name: known.get(name, "x" * 12) for name in url.arguments}
    path = reverse(url.name, kwargs=arguments)
    for name, text in other.items():
        path = path.replace(f"/{arguments[name]}/", f"/{quote(text)}/", 1)
    return path


@pytest.mark.parametrize("url", URLS, ids=lambda url: url.name)
def test_no_url_breaks_over_odd_ids_and_parameters(
    url: Url, cast: access_cast.Cast, lead: Client
) -> None:
    row, broken = TABLE[url.name], []

    def note(what: object, response: Any) -> None:
        if response.status_code >= 500:
            broken.append((what, response.status_code))

    path = path_of(url, cast)
    fields = fields_of(lead, path) | set(PARAMETERS)
    for name in url.arguments:
        for text in (NUL, "9" * 400):
            note((name, text[:9]), lead.get(path_of(url, cast, **{name: text})))
            note((name, text[:9]), lead.post(path_of(url, cast, **{name: text})))
    for text in ODD:
        if row.get is not None:
            note(("query", text[:9]), lead.get(path, dict.fromkeys(PARAMETERS, text)))
        if row.post is not None and url.name not in {
            "account_logout",
            "notifications:sessions-end",
        }:
            note(("form", text[:9]), lead.post(path, dict.fromkeys(fields, text)))
    assert broken == []


def fields_of(client: Client, path: str) -> set[str]:
    """The names of the fields on the forms of that page."""
    response = client.get(path)
    contexts: list[Any] = list(response.context or [])
    forms = [value for context in contexts for value in context.flatten().values()]
    return {name for form in forms for name in getattr(form, "fields", {})}


def test_a_nul_character_in_a_parameter_or_cookie_is_refused(lead: Client) -> None:
    assert lead.get("/", {"open": NUL}).status_code == 400
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        client = Client(raise_request_exception=False)
        headers = {"Cookie": f'{name}="a\\000b"'}
        assert client.get("/accounts/login/", headers=headers).status_code == 400


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize(
    "where",
    [
        "django.contrib.sessions.backends.cached_db.SessionStore.load",
        "accounts.middleware.identity",
        "engagements.access.scope",
    ],
)
def test_a_service_that_is_away_asks_to_try_again(
    lead: Client, monkeypatch: pytest.MonkeyPatch, where: str, error: type[Exception]
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise error("the connection is lost")

    monkeypatch.setattr(where, fail)
    response = lead.get("/")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "Try again in a moment" in response.text


def test_sign_in_asks_to_try_again_while_the_cache_hangs(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    client = Client(raise_request_exception=False)

    def hang(*_args: object, **_kwargs: object) -> None:
        raise redis.TimeoutError

    monkeypatch.setattr("accounts.limits.count", hang)
    response = client.post("/accounts/login/", {"login": "a@example.test", "password": "a"})

    assert response.status_code == 503
    assert "Try again in a moment" in response.text


def test_another_error_is_still_one(lead: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("engagements.access.scope", fail)

    assert lead.get("/").status_code == 500
    assert get_resolver().resolve_error_handler(500).__name__ == "server_error"
