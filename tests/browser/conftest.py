from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, expect, sync_playwright

from config.settings import PASSWORD_HASHERS  # noqa: TID251 - the ones that the product reads
from demo.loader import load_demo
from tests.browser.servers import SESSION, Served, serving
from tests.browser.visitors import Screen, Visitor
from tests.databases import copy_of

FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
DESK, PHONE = Screen(width=1280, height=900), Screen(width=390, height=844)
ENDS = [replace(DESK, schemes=("light",)), replace(PHONE, schemes=("dark",))]
Opens = Callable[..., Visitor]
outcome = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    if report.failed:
        item.stash[outcome] = True
    return report


@pytest.fixture(scope="package")
def served(
    django_db_setup: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The product with its demo, beside which each journey makes its own clients and people."""
    with (
        override_settings(PASSWORD_HASHERS=PASSWORD_HASHERS, SESSION_COOKIE_NAME=SESSION),
        django_db_blocker.unblock(),
        copy_of(django_db_setup),
        serving(tmp_path_factory.mktemp("served")) as found,
    ):
        load_demo(now=timezone.now())
        yield found


@pytest.fixture(scope="package")
def browser(served: Served) -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("There is no Chromium: apt-get install chromium")
    expect.set_options(timeout=10_000)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs a loop in this thread, in which Django has connections of their own.
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        flags = [*FLAGS.split(), "--disable-sync"]
        started = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield started
        started.close()
        connections.close_all()


@pytest.fixture(params=[DESK, PHONE], ids=str)
def screen(request: pytest.FixtureRequest) -> Screen:
    found: Screen = request.param
    return found


@pytest.fixture
def opens(
    served: Served, browser: Browser, screen: Screen, request: pytest.FixtureRequest
) -> Iterator[Opens]:
    """Opens a browser for somebody; what it shows is kept when the journey fails."""
    visitors: list[Visitor] = []

    def open_one(*, url: str = served.url, **options: Any) -> Visitor:
        visitors.append(Visitor(browser, url, screen=screen, **options))
        return visitors[-1]

    yield open_one
    for number, visitor in enumerate(visitors, start=1):
        if request.node.stash.get(outcome, False):
            name = re.sub(r"\W+", "-", request.node.name).strip("-")
            visitor.keep(settings.BASE_DIR / "test-results", f"{name}-{number}")
        visitor.context.close()
