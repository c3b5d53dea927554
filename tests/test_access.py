"""Every URL, method and actor, on the own and on another client's objects: no unexpected answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests import access_cast
from tests.access_table import ACTORS, METHODS, OUTSIDERS, TABLE, Row

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Url:
    name: str
    arguments: tuple[str, ...]


def urls(
    resolver: URLResolver | None = None, prefix: str = "", taken: tuple[str, ...] = ()
) -> Iterator[Url]:
    """Every named URL of the site, with the names of its arguments."""
    resolver = resolver or get_resolver()
    for entry in resolver.url_patterns:
        arguments = (*taken, *entry.pattern.regex.groupindex)
        if isinstance(entry, URLPattern):
            yield Url(f"{prefix}{entry.name}", arguments)
        else:
            namespace = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from urls(entry, namespace, arguments)


URLS = list(urls())


def test_every_url_has_a_row_and_every_row_a_url() -> None:
    assert {url.name for url in URLS} == set(TABLE)


@pytest.fixture
def cast() -> access_cast.Cast:
    return access_cast.make()


@pytest.mark.parametrize(
    "url", [url for url in URLS if url.name in TABLE], ids=lambda url: url.name
)
def test_each_actor_gets_the_expected_answer(url: Url, cast: access_cast.Cast) -> None:
    row = TABLE[url.name]
    unexpected = []
    cells = 0
    for actor in ACTORS:
        browser = Client()
        if person := cast.people.get(actor):
            browser.force_login(person)
        for path, whose in paths(url, cast):
            for method in METHODS:
                cells += 1
                status, location = answer(browser, method, path)
                if not right(
                    row, actor=actor, method=method, whose=whose, status=status, location=location
                ):
                    unexpected.append((actor, method, path, status, location))

    assert cells >= len(ACTORS) * len(METHODS)
    assert unexpected == []


def paths(url: Url, cast: access_cast.Cast) -> Iterator[tuple[str, str]]:
    """The URL on our own objects, and on the other client's: through its slug, through its ids."""
    yield reverse(url.name, kwargs=cast.ours(url.arguments)), "own"
    if "slug" in url.arguments:
        yield reverse(url.name, kwargs=cast.theirs(url.arguments)), "their slug"
        if len(url.arguments) > 1:
            mixed = cast.theirs(url.arguments) | {"slug": cast.slugs[0]}
            yield reverse(url.name, kwargs=mixed), "their object"


def answer(browser: Client, method: str, path: str) -> tuple[int, str]:
    """Asked inside a savepoint that is rolled back, so that no cell changes the next one."""
    browser.raise_request_exception = False
    with transaction.atomic():
        response: Any = browser.generic(method, path)
        transaction.set_rollback(True)
    return response.status_code, response.headers.get("Location", "")


def right(row: Row, *, actor: str, method: str, whose: str, status: int, location: str) -> bool:
    audience = row.audience(method)
    signs_in = status == 302 and urlsplit(location).path == reverse("account_login")
    if status >= 500:
        return False
    if audience is None:  # not offered: anything but an answer
        return status in {403, 404, 405} or signs_in
    if actor == "anonymous" and actor not in audience:
        return signs_in
    if whose == "their slug":
        # The stranger leads the other client.
        return status != 404 if actor == "stranger" and "lead" in audience else status in {403, 404}
    if actor in OUTSIDERS and actor not in audience:
        return status in ({404} if whose != "own" or row_is_of_a_client(row) else {403, 404})
    if actor not in audience:
        return status == 403
    if whose == "their object":
        return status == 404
    return status in row.also or (
        status not in {403, 404, 405} and (not signs_in or actor == "anonymous")
    )


def row_is_of_a_client(row: Row) -> bool:
    return not (set(OUTSIDERS) & ((row.get or frozenset()) | (row.post or frozenset())))
