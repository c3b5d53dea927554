"""Every page with nothing in it and with too much of everything keeps to its screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse

from tests.access_table import TABLE
from tests.browser import hard
from tests.browser.conftest import SCREENS, Opens
from tests.browser.visitors import Visitor
from tests.test_access import URLS

# None of them is a page that shows what a client wrote: sign-in, probes, downloads.
ELSEWHERE = ("account_", "health-", "okrs:sheet-example", "workspace:engagement-export")
FRAGMENTS = {"reviews:live-review", "reviews:review-clock", "checkins:check-in-preview"}
OF_CLOSED = {"status:summary-update"}  # only a review that is over has one
AXE = ("workspace:home", "workspace:key-result-detail", "okrs:board", "engagements:member-list")

# Text that leaves the box it stands in, or is cut off by one that has no title to say it whole.
BROKEN = """() => {
  const says = (one) => `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`;
  const apart = ".visually-hidden, .skip, svg, select, script, .tabs nav";
  const found = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode()); ) {
    let box = text.parentElement;
    if (!text.data.trim() || box.closest(apart) || !box.checkVisibility()) continue;
    while (getComputedStyle(box).display === "inline") box = box.parentElement;
    if (box.closest("[title]")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const { left, right } = box.getBoundingClientRect();
    for (const line of range.getClientRects())
      if (line.width && (line.right > right + 2 || line.left < left - 2)) found.add(says(box));
  }
  for (const one of document.querySelectorAll("main *")) {
    if (one.closest(`${apart}, input, textarea, [title]`) || one.scrollWidth <= one.clientWidth + 1) continue;
    const { overflowX } = getComputedStyle(one);
    if (one.clientWidth && (overflowX === "hidden" || overflowX === "clip")) found.add(says(one));
  }
  return [...found].slice(0, 5);
}"""


@pytest.fixture(scope="module")
def clients(served: object) -> hard.Hard:
    return hard.make()


def full(clients: hard.Hard) -> Iterator[tuple[str, str]]:
    """Name and address of every page about a client, with one of the fullest of each kind."""
    for url in URLS:
        if url.name.startswith(ELSEWHERE) or url.name in FRAGMENTS or not TABLE[url.name].get:
            continue
        ids = {**clients.ids}
        if url.name in OF_CLOSED:
            ids["review"] = ids["closed_review"]
        unknown = {name: ids.get(name, "of-nothing") for name in url.arguments}
        yield url.name, reverse(url.name, kwargs=unknown)


def empty(clients: hard.Hard) -> Iterator[tuple[str, str]]:
    for url in URLS:
        apart = url.name.startswith(ELSEWHERE)
        if url.arguments == ("slug",) and TABLE[url.name].get and not apart:
            yield url.name, reverse(url.name, args=[clients.nothing.slug])


def walk(visitor: Visitor, pages: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """What is wrong, by page; raises where a page is wider than the screen or refuses."""
    wrong = {}
    for name, path in pages:
        visitor.visit(path)
        if name in AXE:
            visitor.inspect(path)
        visitor.settle()
        wide = visitor.page.evaluate("document.documentElement.scrollWidth")
        broken = visitor.page.evaluate(BROKEN)
        if wide > visitor.screen.width:
            broken.append(f"{wide} wide")
        if broken:
            wrong[path] = broken
    return wrong


@pytest.mark.long
@pytest.mark.parametrize("screen", [SCREENS[0], SCREENS[-1]], ids=str)
def test_no_page_breaks_with_nothing_or_too_much_in_it(opens: Opens, clients: hard.Hard) -> None:
    visitor = opens()
    visitor.signs_in_as(clients.lead)
    visitor.expected |= {404}  # links that were used up

    wrong = {**walk(visitor, empty(clients)), **walk(visitor, full(clients))}

    assert wrong == {}
    assert visitor.complaints == []
