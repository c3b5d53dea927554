"""Every URL, method and actor, on the own and on another client's objects: no unexpected answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access_cast import Cast
from tests.access_table import ACTORS, LINKS, METHODS, OUTSIDERS, TABLE, VISITORS, Row

pytestmark = pytest.mark.django_db(databases=["default", "sweep"])


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


@pytest.fixture(scope="module")
def cookies(cast: Cast) -> dict[str, SimpleCookie]:
    """Each actor signed in, or having followed the link that they hold."""
    browsers = {actor: Client() for actor in ACTORS}
    for actor, browser in browsers.items():
        if person := cast.people.get(actor):
            browser.force_login(person)
        if actor in LINKS:
            browser.get(cast.links(actor)[0])
    return {actor: browser.cookies for actor, browser in browsers.items()}


@pytest.mark.parametrize(
    "url", [url for url in URLS if url.name in TABLE], ids=lambda url: url.name
)
def test_each_actor_gets_the_expected_answer(
    url: Url, cast: Cast, cookies: dict[str, SimpleCookie]
) -> None:
    row = TABLE[url.name]
    unexpected = []
    cells = 0
    for actor in ACTORS:
        browser = browser_with(cookies[actor])
        for path, whose in paths(url, cast, actor):
            for method, status, location in answers(browser, path):
                cells += 1
                if not right(
                    row, actor=actor, method=method, whose=whose, status=status, location=location
                ):
                    unexpected.append((actor, method, path, status, location))

    assert cells >= len(ACTORS) * len(METHODS)
    assert unexpected == []


def test_only_the_link_that_stops_notices_takes_a_form_without_its_token(
    cast: Cast, cookies: dict[str, SimpleCookie]
) -> None:
    taken = set()
    for url in URLS:
        for actor in sorted(TABLE[url.name].post or ()):
            browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
            browser.cookies.update(cookies[actor])
            own = [path for path, whose in paths(url, cast, actor) if whose == "own"]
            if any(browser.post(path).status_code != 403 for path in own):
                taken.add(url.name)

    assert taken == {"notifications:notices-stop"}


@pytest.mark.parametrize("who", ["anonymous", "stranger", "viewer"])
@pytest.mark.parametrize("held", LINKS)
def test_a_share_link_shows_its_client_while_it_is_open_whoever_follows_it(
    held: str, who: str, cast: Cast, cookies: dict[str, SimpleCookie]
) -> None:
    browser = browser_with(cookies[who])

    answers = [browser.get(path) for path in cast.links(held)]

    shown = [client_names(answer) for answer in answers]
    if held == "open link":
        assert shown == [{"Northwind SaaS"}, {"Harbor Retail"}]
    else:
        assert shown == [set(), set()]
        assert {answer.status_code for answer in answers} == {404}


def client_names(answer: Any) -> set[str]:
    return {name for name in ("Northwind SaaS", "Harbor Retail") if name in answer.content.decode()}


def browser_with(cookies: SimpleCookie) -> Client:
    browser = Client(raise_request_exception=False)
    browser.cookies.update(cookies)
    return browser


def paths(url: Url, cast: Cast, actor: str) -> Iterator[tuple[str, str]]:
    """The URL on our own objects, and on the other client's: through its slug, through its ids."""
    if TABLE[url.name].by_link:
        yield from ((link, "own") for link in cast.links(actor))
        return
    yield reverse(url.name, kwargs=cast.ours(url.arguments)), "own"
    if "slug" in url.arguments:
        yield reverse(url.name, kwargs=cast.theirs(url.arguments)), "their slug"
        if len(url.arguments) > 1:
            mixed = cast.theirs(url.arguments) | {"slug": cast.slugs[0]}
            yield reverse(url.name, kwargs=mixed), "their object"


def answers(browser: Client, path: str) -> Iterator[tuple[str, int, str]]:
    """Asked inside a savepoint that is rolled back, so that no path changes the next one."""
    with transaction.atomic():
        for method in METHODS:
            response: Any = browser.generic(method, path)
            policy = response["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
            if method == "GET" and response.status_code == 405:  # a person sees why, htmx nothing
                assert "It only takes a form" in response.text
                assert response["Allow"] == "POST"
                assert browser.get(path, headers={"HX-Request": "true"}).content == b""
            if response.status_code == 403 and method != "HEAD":
                assert ("Nothing was changed" in response.text) is (method == "POST")
            yield method, response.status_code, response.headers.get("Location", "")
        transaction.set_rollback(True)


def right(row: Row, *, actor: str, method: str, whose: str, status: int, location: str) -> bool:
    audience = row.audience(method)
    signs_in = status == 302 and urlsplit(location).path == reverse("account_login")
    if status >= 500:
        return False
    if audience is None:  # not offered: anything but an answer
        return status in {403, 404, 405} or signs_in
    if actor in VISITORS and actor not in audience:
        return status == 404 if row.by_link else signs_in
    if whose == "their slug":
        # The stranger leads the other client.
        return status != 404 if actor == "stranger" and "lead" in audience else status in {403, 404}
    if actor in OUTSIDERS and actor not in audience:
        return status in ({404} if whose != "own" or row_is_of_a_client(row) else {403, 404})
    if actor not in audience:
        # What is not there is not there for whoever may do it to some rows and not to others.
        return status == 403 or (whose == "their object" and status == 404)
    if whose == "their object":
        return status == 404
    return status in row.also or (
        status not in {403, 404, 405} and (not signs_in or actor in VISITORS)
    )


def row_is_of_a_client(row: Row) -> bool:
    return not (set(OUTSIDERS) & ((row.get or frozenset()) | (row.post or frozenset())))
