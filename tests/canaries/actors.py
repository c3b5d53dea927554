"""Who crawls: where each of them starts, and which marks they may read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.test import Client
from django.urls import reverse

from tests.access_table import LINKS, MEMBERS, ROLES, TABLE
from tests.canaries.crawl import Ask, Crawl
from tests.canaries.marks import CLIENT, INSIDE, LATER, OURS, THEIRS, Mark
from tests.canaries.planting import Planting
from tests.test_access import URLS, paths

BOTH = (OURS, THEIRS)
ALL = (CLIENT, LATER, INSIDE)
# Days of the story; one to come, and none at all.
DAYS = (
    *(f"2026-01-{day}" for day in ("04", "05", "19", "26", "28", "29")),
    *(f"2026-02-{day}" for day in ("02", "09", "10", "11", "18")),
    *(f"2026-03-{day}" for day in ("03", "04", "09", "10", "11")),
    "then",
)
STATUS = ("", "?live", *(f"?as_of={day}" for day in DAYS), "?live&as_of=2026-03-09")
# On the page that their own link opens.
OF_THE_INVITED = {"membership.email", "membership.name.invited"}


@dataclass(frozen=True)
class Actor:
    """`who` they are in the cast; `holds` is an address that only they know.

    Of members who see the same pages one is thorough: fragments, all days, more of each kind.
    """

    name: str
    who: str
    may_read: Callable[[Mark], bool]
    holds: str = ""

    @property
    def is_thorough(self) -> bool:
        return self.who not in MEMBERS - {"lead"}


def actors(planting: Planting, *, published_only: bool = False) -> Iterator[Actor]:
    """Everybody; with `published_only` clients see nothing from after the last publication."""
    clients = (CLIENT,) if published_only else (CLIENT, LATER)
    yield Actor("anonymous", "", reads())
    for role in ROLES:
        yield Actor(role, role, reads(OURS, ALL if role in MEMBERS else clients))
    yield Actor("stranger", "stranger", reads(THEIRS, ALL))
    yield Actor("removed", "removed", reads())
    for client, tokens, invitation in zip(
        BOTH, planting.cast.tokens, planting.invitations, strict=True
    ):
        for held in LINKS:
            address = reverse("status:shared-status", args=[tokens[held]])
            shown = reads(client, clients) if held == "open link" else reads()
            yield Actor(f"{held} of {client}", "", shown, holds=address)
        yield Actor(f"invited by {client}", "", invited_by(client), holds=invitation)


def reads(client: str = "", audiences: Iterable[str] = ()) -> Callable[[Mark], bool]:
    among = frozenset(audiences)
    return lambda mark: mark.client == client and mark.audience in among


def invited_by(client: str) -> Callable[[Mark], bool]:
    """Who invites whom to which client, and nothing more."""
    return lambda mark: (
        mark.client == client and (mark.audience == CLIENT or mark.field in OF_THE_INVITED)
    )


def crawl_of(actor: Actor, planting: Planting) -> Crawl:
    browser = Client()
    if actor.who:
        browser.force_login(planting.cast.people[actor.who])
    return Crawl(actor.name, browser, actor.may_read, most_reads=3 if actor.is_thorough else 1)


def everywhere(actor: Actor, planting: Planting) -> Iterator[Ask]:
    """The start page, every URL on the objects of both clients, every look and day of them."""
    yield Ask("/")
    for url in URLS:
        row = TABLE[url.name]
        for path, _ in () if row.by_link else paths(url, planting.cast, actor.who):
            if row.get is not None:
                yield Ask(path)
                if actor.is_thorough:
                    yield Ask(path, is_htmx=True)
            if row.post is not None:
                yield Ask(path, data=())
    if actor.who:
        yield from _looks(planting)
    yield from status_pages(actor, planting)


def _looks(planting: Planting) -> Iterator[Ask]:
    """Addresses that say what of a page to show: of reviews that run and are over, of lists."""
    for slug, ids in zip(planting.cast.slugs, planting.cast.objects, strict=True):
        for held in ("review", "closed_review"):
            room = reverse("reviews:review-detail", args=[slug, ids[held]])
            for look in ("", "?view=all", "?capture=action", f"?item={ids['item']}"):
                yield Ask(f"{room}{look}")
        for name in ("decisions:decision-list", "reviews:review-list"):
            yield Ask(f"{reverse(name, args=[slug])}?page=2&superseded=on")


def status_pages(actor: Actor, planting: Planting) -> Iterator[Ask]:
    """The status pages that they may know of, on every day of the story."""
    slugs = planting.cast.slugs if actor.who else ()
    own = [reverse("status:status", args=[slug]) for slug in slugs]
    for address in [*own, *([actor.holds] if actor.holds else [])]:
        for asked in STATUS if actor.is_thorough else STATUS[:1]:
            yield Ask(f"{address}{asked}")
        yield Ask(address, is_htmx=True)
        yield Ask(address, data=())
