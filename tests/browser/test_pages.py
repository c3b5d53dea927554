"""Every page: of the demo, with nothing in it, and with too much of everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from decisions.models import Decision
from demo.story import address
from engagements.links import share_link_token
from engagements.models import Engagement, Membership, ShareLink
from metrics.models import Metric
from notifications.emails import token_of
from okrs.models import Cycle, KeyResult, Objective, Team
from reviews.models import Review
from tenancy.scoping import scope, unscoped
from tests.access_table import TABLE
from tests.browser import hard
from tests.browser.conftest import ENDS, Opens
from tests.browser.visitors import Visitor
from tests.test_access import URLS

# No pages that show what a client wrote: sign-in, probes, downloads, parts of pages.
ELSEWHERE = (
    "account_",
    "health-",
    "imports:sheet-example",
    "workspace:engagement-export",
    "reviews:live-review",
    "reviews:review-clock",
    "checkins:check-in-preview",
)
OF_CLOSED = {"status:summary-update"}  # only a review that is over has one
AXE = ("workspace:home", "workspace:key-result-detail", "okrs:board", "engagements:member-list")
SIGNED_OUT = (
    "account_login",
    "account_request_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_inactive",
)
OF_ONE: dict[str, Any] = {
    "cycle": Cycle,
    "decision": Decision,
    "key_result": KeyResult,
    "member": Membership,
    "metric": Metric,
    "objective": Objective,
    "review": Review,
    "team": Team,
}
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


def somebody(person: str) -> User:
    return User.objects.get(email=address(person))


def client_of(person: User) -> Engagement:
    """One with a draft in it if there is any."""
    with unscoped():
        joined = Membership.objects.using("owner").filter(user=person)
        mine = Engagement.objects.using("owner").filter(pk__in=joined.values("engagement_id"))
        drafted = Objective.objects.using("owner").filter(committed_at=None)
        with_draft = mine.filter(pk__in=drafted.values("engagement_id"))
        return with_draft.first() or mine[0]


def pages(ids: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and address of every page about what these ids name."""
    for url in URLS:
        if url.name.startswith(ELSEWHERE) or not TABLE[url.name].get:
            continue
        own = {**ids, "review": ids.get("closed_review", "")} if url.name in OF_CLOSED else ids
        if all(own.get(name) for name in url.arguments):
            yield url.name, reverse(url.name, kwargs={name: own[name] for name in url.arguments})


def ids_of(engagement: Engagement, *, is_last: bool) -> dict[str, str]:
    """Public ids of the first or the last of each kind; what the client has none of is missing."""
    with scope(engagement.id):
        rows = {name: model.objects.order_by("pk") for name, model in OF_ONE.items()}
        rows["closed_review"] = Review.objects.closed().order_by("pk")
        found = {name: (row.last() if is_last else row.first()) for name, row in rows.items()}
        known = {name: row.public_id for name, row in found.items() if row}
    return {"slug": engagement.slug, "number": "1", **known}


def visit_all(visitor: Visitor, person: User) -> None:
    visitor.signs_in_as(person)
    client = client_of(person)
    log = reverse("decisions:decision-list", args=[client.slug])
    paths = [f"{log}?q=of+nothing", reverse("okrs:board", args=[client.slug]) + "?cycle="]
    for is_last in (False, True):
        paths += [path for _, path in pages(ids_of(client, is_last=is_last))]
    for path in dict.fromkeys(paths):
        visitor.visit(path)
        visitor.inspect(path)


def test_every_page_of_the_lead_is_accessible(opens: Opens) -> None:
    visit_all(opens(), somebody("lead"))


@pytest.mark.parametrize("screen", ENDS[1:], ids=str)
def test_every_page_of_a_member_who_only_reads_is_accessible(opens: Opens) -> None:
    visitor = opens()
    visitor.expected = {403}  # the forms that a sponsor has no use for

    visit_all(visitor, somebody("sponsor"))


def test_every_page_before_the_sign_in_is_accessible(opens: Opens) -> None:
    visitor = opens()
    stops = reverse("notifications:notices-stop", args=[token_of(somebody("lead").pk)])
    with unscoped():
        link = ShareLink.objects.using("owner").filter(revoked_at=None).earliest("pk")
    visitor.visit(reverse("status:shared-status", args=[share_link_token(link)]))
    visitor.inspect("shared status page")
    visitor.expected = {404}  # an invitation that is used up, and a page that is not there
    for path in [*map(reverse, SIGNED_OUT), "/invitations/of-yesterday/", stops]:
        visitor.visit(path)
        visitor.inspect(path)
    visitor.signs_in_as(somebody("lead"))
    visitor.visit("/e/of-nobody/board/", says="This page doesn’t exist")
    visitor.inspect("not found")


@pytest.mark.long
@pytest.mark.parametrize("screen", ENDS, ids=str)
def test_no_page_breaks_with_nothing_or_too_much_in_it(opens: Opens) -> None:
    visitor, clients = opens(), hard.make()
    visitor.signs_in_as(clients.lead)
    visitor.expected |= {404}  # links that were used up
    wrong = {}
    empty, full = pages({"slug": clients.nothing.slug}), pages(clients.ids)

    for name, path in (*empty, *full):
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

    assert wrong == {}
    assert visitor.complaints == []
