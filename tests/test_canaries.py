"""No text of one client turns up at another, and nothing from inside reaches a client.

Two clients carry a mark in every text. Everybody reads all that they can reach: pages, fragments,
refusals, toasts, mails. What is reported is each mark in an answer to somebody it is not for.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from checkins.models import HelpRequest
from decisions.models import Decision
from engagements import access
from engagements.models import Engagement, Invitation, Membership, Role, StatusPage
from mail import email_types
from notifications import digest
from notifications.models import Notice
from notifications.rules import urgent_rules
from okrs.models import Team
from status import sections, snapshots
from status.key_results import KeyResultToday, key_result_row
from status.schema import KeyResultRow
from tenancy.scoping import scope
from tests.canaries.actors import (
    ALL,
    BOTH,
    STATUS,
    Actor,
    actors,
    crawl_of,
    everywhere,
    invited_by,
    reads,
    status_pages,
)
from tests.canaries.crawl import Ask
from tests.canaries.marks import (
    CLIENT,
    INSIDE,
    LATER,
    OURS,
    THEIRS,
    Mark,
    marks_in,
    planted,
    unmarked,
)
from tests.canaries.planting import NOW, Planting, plant

pytestmark = pytest.mark.slow

LEAST = 3000  # responses
CLIENTS = ("viewer", "open link of ours", "open link of theirs")
Payloads = Callable[[int], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def planting(django_db_setup: str, django_db_blocker: Any) -> Iterator[Planting]:
    """Planted once, in a transaction that is taken back: the crawl leaves all as it was."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield plant()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def lock_order() -> None:
    """The crawl watches each request by itself: all of them share one transaction."""


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    """The day on which the story ends. Refusals are counted, so they need not be logged."""
    logging.disable(logging.WARNING)
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        yield
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)


def actor(planting: Planting, name: str, *, published_only: bool = False) -> Actor:
    everybody = actors(planting, published_only=published_only)
    return next(one for one in everybody if one.name == name)


def leaks(planting: Planting, name: str, *paths: str) -> list[str]:
    """What this one actor is shown there that is not for them."""
    asks = [Ask(path) for path in paths]
    return crawl_of(actor(planting, name), planting).run(asks, follow=False).leaks


def status_url(planting: Planting) -> str:
    return reverse("status:status", args=[planting.cast.slugs[0]])


def test_every_text_of_both_clients_carries_a_mark(planting: Planting) -> None:
    missing = [
        f"{client}: {column}"
        for client, engagement in zip(BOTH, planting.engagements, strict=True)
        for column in unmarked(engagement, client=client)
    ]

    assert missing == []


def test_nobody_reads_a_mark_that_is_not_for_them(planting: Planting) -> None:
    crawls = {
        one.name: crawl_of(one, planting).run(everywhere(one, planting)) for one in actors(planting)
    }

    statuses = sum((one.statuses for one in crawls.values()), Counter[int]())
    assert [leak for one in crawls.values() for leak in one.leaks] == []
    assert statuses.total() >= LEAST
    assert [code for code in statuses if code == 429 or code >= 500] == []
    # The crawl goes deep enough: leads have seen every mark, clients every one that is for them.
    for engagement, lead, *clients in (
        (planting.engagements[0], "lead", "viewer", "open link of ours"),
        (planting.engagements[1], "stranger", "open link of theirs"),
    ):
        there = planted(engagement)
        assert there - crawls[lead].seen == set()
        for client in clients:
            assert {mark for mark in there if mark.audience != INSIDE} <= crawls[client].seen


def test_until_they_are_published_later_words_reach_no_client(planting: Planting) -> None:
    for engagement in planting.engagements:
        with scope(engagement.pk):
            here = Engagement.objects.filter(pk=engagement.pk)
            here.update(status_page=StatusPage.PUBLISHED)

    crawls = {
        name: crawl_of(one, planting).run(status_pages(one, planting))
        for name in CLIENTS
        if (one := actor(planting, name, published_only=True))
    }

    assert [leak for one in crawls.values() for leak in one.leaks] == []
    for name, client in zip(CLIENTS, (OURS, OURS, THEIRS), strict=True):
        assert Mark(client, CLIENT, "report.headline") in crawls[name].seen


def test_names_that_are_hidden_by_now_are_hidden_on_every_earlier_day(planting: Planting) -> None:
    """The pages of those days were stored with the names."""
    asks = [Ask(f"{status_url(planting)}{day}") for day in STATUS]
    viewer = crawl_of(actor(planting, "viewer"), planting)
    named = viewer.run(asks, follow=False).seen
    with scope(planting.engagements[0].pk):
        Engagement.objects.update(shows_owners=False, version=F("version") + 1)

    seen = crawl_of(actor(planting, "viewer"), planting).run(asks, follow=False).seen

    # The lead is still named as the author of a report.
    owner = Mark(OURS, CLIENT, "membership.name.contributor")
    assert owner in named
    assert owner not in seen


def test_a_mail_holds_only_what_its_reader_may_know(planting: Planting) -> None:
    sent = mails(planting)

    assert {(client, name) for client, name, _ in sent} == {
        (client, name) for client in BOTH for name in ("invitation", "daily", "urgent")
    }
    for client, name, text in sent:
        found = set(marks_in(text))
        assert found
        # Members may read all of their client, who is only invited next to nothing.
        may_read = invited_by(client) if name == "invitation" else reads(client, ALL)
        assert [mark for mark in found if not may_read(mark)] == []


# Whoever registers a kind says here which payloads it is tried with; none where its text comes
# from no tenant.
PAYLOADS: dict[str, Payloads] = {
    "invitation": lambda engagement: [
        {"engagement": engagement, "invitation": row.pk}
        for row in Invitation.objects.filter(engagement_id=engagement)
    ],
    "account-mail": lambda engagement: [],
    "sign-in-mail": lambda engagement: [],
    "daily": lambda engagement: envelopes(engagement, urgent=False),
    "urgent": lambda engagement: envelopes(engagement, urgent=True),
}


def envelopes(engagement: int, *, urgent: bool) -> list[dict[str, Any]]:
    """One for each person for whom something of that kind waits."""
    rules = Q(rule__in=urgent_rules())
    waiting = Notice.objects.pending().filter(
        rules if urgent else ~rules, engagement_id=engagement, sent_at=None, failed_at=None
    )
    made = []
    for person, user in waiting.order_by().values_list("person", "person__user").distinct():
        envelope = uuid4()
        waiting.filter(person=person).update(envelope=envelope)
        made.append({"envelope": str(envelope), "user": user, "engagements": [engagement]})
    return made


def mails(planting: Planting) -> list[tuple[str, str, str]]:
    """Every mail of every kind that can be written for rows of the two clients: whose, which, what."""
    own = {
        name: kind
        for name, kind in email_types._kinds.items()
        if "tests" not in kind.render.__module__
    }
    assert own.keys() == PAYLOADS.keys()
    written = []
    for client, engagement in zip(BOTH, planting.engagements, strict=True):
        for name, kind in own.items():
            with scope(engagement.pk):
                payloads = PAYLOADS[name](engagement.pk)
            for payload in payloads:
                # None of an envelope in which nothing holds any more.
                if (mail := kind.render(payload)) is not None:
                    text = f"{mail.subject}\n{mail.text}\n{mail.html}"
                    written.append((client, name, text))
    return written


# Planted faults: each is reported, else the tests above would prove nothing.


def test_a_column_without_a_mark_is_named(planting: Planting) -> None:
    ours = planting.engagements[0]

    with scope(ours.pk):
        Team.objects.filter(engagement=ours).update(name=F("public_id"))

    assert unmarked(ours, client=OURS) == ["okrs.Team.name"]


def test_a_gate_that_lets_strangers_in_is_reported(
    planting: Planting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def anybody(request: object, *, slug: str) -> Membership:
        with scope(*(one.pk for one in planting.engagements)):
            leads = Membership.objects.active().select_related("engagement")
            return leads.get(engagement__slug=slug, role=Role.LEAD)

    board = reverse("okrs:board", args=[planting.cast.slugs[0]])
    assert leaks(planting, "stranger", board) == []

    monkeypatch.setattr(access, "_membership", anybody)

    assert any(f"shows CANARY-{OURS}-" in leak for leak in leaks(planting, "stranger", board))


def test_an_envelope_that_does_not_ask_who_reads_it_would_show_one_client_to_another(
    planting: Planting, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, stranger = planting.engagements[0], planting.cast.people["stranger"]
    with scope(ours.pk):
        payloads = [{**one, "user": stranger.pk} for one in envelopes(ours.pk, urgent=True)]
    assert payloads
    with transaction.atomic():
        assert not any(email_types.find("urgent").render(one) for one in payloads)
        transaction.set_rollback(True)

    monkeypatch.setattr(digest, "may_know", lambda notice, *, reader: True)

    written = [mail.text for one in payloads if (mail := email_types.find("urgent").render(one))]
    assert any(mark.client == OURS for text in written for mark in marks_in(text))


def test_a_hidden_decision_on_the_status_page_is_reported(
    planting: Planting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def every_decision(engagement: Engagement, **known: object) -> list[Decision]:
        return list(Decision.objects.filter(engagement=engagement))

    monkeypatch.setattr(snapshots, "visible_decisions", every_decision)

    found = leaks(planting, "viewer", status_url(planting))
    assert any("decision.text.running" in leak for leak in found)


def test_a_help_request_on_the_status_page_is_reported(
    planting: Planting, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = key_result_row

    def with_help(state: KeyResultToday, **known: Any) -> KeyResultRow:
        row = usual(state, **known)
        asked = HelpRequest.objects.filter(key_result=state.key_result).first()
        return {**row, "meta": f"{row['meta']} {asked.text if asked else ''}"}

    monkeypatch.setattr(sections, "key_result_row", with_help)

    found = leaks(planting, "open link of ours", actor(planting, "open link of ours").holds)
    assert any("helprequest.text" in leak for leak in found)


def test_a_live_page_where_the_published_one_belongs_is_reported(planting: Planting) -> None:
    client = actor(planting, "viewer", published_only=True)

    crawl = crawl_of(client, planting).run([Ask(status_url(planting))], follow=False)

    assert any(f"-{LATER}-" in leak for leak in crawl.leaks)
