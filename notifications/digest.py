"""The content of a digest, read again at the moment it is sent, and how it is worded.

Notices whose cause or whose reader's access is gone are dropped. An empty digest is not sent.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User, zone_of
from engagements.left_out import note_left_out
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may
from mail.delivery import MAX_SUBJECT
from mail.email_types import SentBefore, one_line
from notifications.commands import drop_notices, put_back
from notifications.models import Notice
from notifications.rules import (
    Aside,
    DigestItem,
    NoticeRule,
    Noun,
    registered_asides,
    registered_rules,
)
from tenancy.scoping import MAX_ENGAGEMENTS, identity, scope, unscoped

logger = logging.getLogger(__name__)

NO_BREAK = "\u00a0"
LONGEST_CLIENT = 40  # characters of a client's name in a subject
MOST_CLIENTS = 2  # by name, in a subject
MOST_STATES = 3  # of one noun
MOST_SENTENCES = 2


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An item with its rule, and the others about the same thing below it."""

    item: DigestItem
    rule: NoticeRule
    also: Sequence[Entry] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """The entries about one client, the most important first."""

    client: str
    entries: Sequence[Entry]

    @property
    def groups(self) -> list[tuple[str, list[DigestItem]]]:
        found = groupby(self.entries, key=lambda entry: entry.item.heading)
        return [(heading, [entry.item for entry in entries]) for heading, entries in found]


@dataclass(frozen=True, kw_only=True)
class Digest:
    """The content of one message, as of `now`."""

    reader: User
    now: dt.datetime
    sections: Sequence[Section]
    asides: Sequence[Aside] = ()

    @property
    def entries(self) -> list[Entry]:
        entries = [entry for section in self.sections for entry in section.entries]
        return sorted(entries, key=_by_weight)


def read_digest(payload: dict[str, Any], *, now: dt.datetime, with_asides: bool) -> Digest | None:
    """Read a digest in its reader's time zone and drop outdated notices.

    `payload`: `envelope` and `user` (ids), `engagements` (ids). Returns None if nothing is left.
    Raises SentBefore if the rest was sent already. If a rule fails for a client, that client
    waits for a later envelope; if nothing else is left, the rule's error is raised.
    """
    reader = User.objects.get(pk=payload["user"])
    with timezone.override(zone_of(reader.time_zone)):
        found, failed = _sections(payload, reader=reader, now=now)
        if not found:
            for error in failed.values():
                raise error
            return None
        for engagement_id in failed:
            put_back(payload, engagement_id)
        told = {entry.item.about for section in found for entry in section.entries}
        asides = _asides(reader, but=told, now=now) if with_asides else []
    found.sort(key=lambda section: (-section.entries[0].item.weight, section.client.casefold()))
    return Digest(reader=reader, now=now, sections=found, asides=asides)


def _sections(
    payload: dict[str, Any], *, reader: User, now: dt.datetime
) -> tuple[list[Section], dict[int, Exception]]:
    """Return a section for each client, and the errors of failed clients, by engagement id."""
    found, failed = [], {}
    for engagement_id in payload["engagements"]:
        try:
            section = _section(engagement_id, payload["envelope"], reader=reader, now=now)
        except SentBefore:
            raise
        except Exception as error:
            logger.exception("Engagement %s cannot be worded.", engagement_id)
            with scope(engagement_id):
                note_left_out("messages", [engagement_id], now=now, using=DEFAULT_DB_ALIAS)
            failed[engagement_id] = error
        else:
            found += [section] if section else []
    return found, failed


def _section(
    engagement_id: int, envelope: str, *, reader: User, now: dt.datetime
) -> Section | None:
    with scope(engagement_id), transaction.atomic():  # an error here affects no other client
        rows = Notice.objects.filter(
            engagement_id=engagement_id, envelope=envelope, dropped_at=None
        ).select_related("person", "engagement")
        held = list(rows.order_by("id"))
        if held and all(one.sent_at for one in held):
            raise SentBefore
        entries = describe(held, reader=reader, now=now)
        drop_notices([one for one in held if one.pk not in entries], now=now)
        if held and "messages" in held[0].engagement.left_out:
            note_left_out("messages", [], now=now, using=DEFAULT_DB_ALIAS)
        return section_of(held[0].engagement, entries.values()) if entries else None


def describe(notices: Sequence[Notice], *, reader: User, now: dt.datetime) -> dict[int, Entry]:
    """Word valid notices of one engagement for this reader, by notice id."""
    by_rule: dict[str, list[Notice]] = defaultdict(list)
    for one in notices:
        if may_know(one, reader=reader):
            by_rule[one.rule].append(one)
    return {
        pk: Entry(item=item, rule=rule)
        for name, mine in by_rule.items()
        if (rule := registered_rules.get(name))
        and (not rule.switch or getattr(reader, rule.switch))
        for pk, item in rule.describe(mine, now).items()
    }


def section_of(engagement: Engagement, entries: Iterable[Entry]) -> Section:
    """Merge entries about the same thing: the most important one, with the others below it."""
    by_thing: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=_by_weight):
        by_thing.setdefault(entry.item.about, []).append(entry)
    merged = [_merged(entry, others) for entry, *others in by_thing.values()]
    return Section(client=engagement.client_name, entries=merged)


def _merged(entry: Entry, others: Sequence[Entry]) -> Entry:
    below = (said for other in others for said in _below(other.item, under=entry.item))
    said = dict.fromkeys([*entry.item.paragraphs, *below])  # nothing twice
    return replace(entry, item=replace(entry.item, text="\n".join(said)), also=others)


def _below(item: DigestItem, *, under: DigestItem) -> list[str]:
    """Return its paragraphs; without any its heading, if that is another one."""
    heading = [] if item.heading == under.heading else [f"{item.heading}."]
    return item.paragraphs or heading


def may_know(notice: Notice, *, reader: User) -> bool:
    person = notice.person
    is_theirs = person.user_id == reader.pk and person.removed_at is None
    if notice.engagement.is_closed:  # it asks for nothing any more
        return False
    return reader.is_active and is_theirs and may(person.role, Permission.READ)


def _asides(reader: User, *, but: set[str], now: dt.datetime) -> list[Aside]:
    """Return the reader's deadlines in all clients, by pages of as many as a scope holds."""
    with identity(user_id=reader.pk), unscoped():
        mine = Membership.objects.active().filter(user=reader).select_related("engagement")
        memberships = [
            membership
            for membership in mine.filter(engagement__closed_at=None).order_by("-id")
            if may(membership.role, Permission.READ)
        ]
    found: list[Aside] = []
    for first in range(0, len(memberships), MAX_ENGAGEMENTS):
        page = memberships[first : first + MAX_ENGAGEMENTS]
        with scope(*(membership.engagement_id for membership in page)):
            found += [aside for asides in registered_asides for aside in asides(page, now)]
    return [aside for aside in found if aside.about not in but]


def _by_weight(entry: Entry) -> tuple[int, str]:
    return -entry.item.weight, entry.item.heading


def subject(digest: Digest, *, is_daily: bool) -> str:
    """Return the client and the item, or the clients, the day and the counts of several items.

    "Northwind: API latency has been red for two weeks"; "Northwind, Tue 10 Mar: 5 check-ins (3
    late, 2 due today by 12:00)". The day is the one on the active clock. Where it gets too long,
    the clients go first, then all counts but the first are added up.
    """
    entries = digest.entries
    names = [one_line(one.client, most=LONGEST_CLIENT) for one in digest.sections]
    if len(entries) == 1:
        item = entries[0].item
        news = (item.news or f"({item.state})").replace(NO_BREAK, " ")
        most = MAX_SUBJECT - len(names[0]) - len(news) - len(":  ")
        return f"{names[0]}: {one_line(item.title, most=most)} {news}"
    clients = ", ".join(names) if len(names) <= MOST_CLIENTS else f"{len(names)} clients"
    day = date_format(timezone.localtime(digest.now), "D j M") if is_daily else ""
    counted = _counts(entries)
    first, *others = (_described(noun, states, "({})") for noun, states in counted.items())
    texts = [_headed([clients, day], ", ".join([first, *others]))]
    if others:
        more = len(entries) - next(iter(counted.values())).total()
        texts += [
            _headed([day], ", ".join([first, *others])),
            _headed([day], f"{first}, {more} more"),
        ]
    return next((text for text in texts if len(text) <= MAX_SUBJECT), texts[-1])


def headline(entries: Iterable[Entry]) -> str:
    """Return "5 check-ins to do: 3 late, 2 due today by 12:00."."""
    counted = _counts(entries).items()
    sentences = [f"{_described(noun, states, f'{noun.want}: {{}}')}." for noun, states in counted]
    more = ["More below."] if len(sentences) > MOST_SENTENCES else []
    return " ".join([*sentences[:MOST_SENTENCES], *more])


def why(entries: Iterable[Entry]) -> str:
    """Return "You get this because you own key results. Rules: due soon, late."."""
    found = [each for entry in entries for each in (entry, *entry.also)]
    reasons = list(dict.fromkeys(entry.item.why or entry.rule.reason for entry in found))
    labels = list(dict.fromkeys(entry.rule.label for entry in found))
    lower = ", ".join(f"{label[0].lower()}{label[1:]}" for label in labels)
    *firsts, last = reasons
    listed = f"{', '.join(firsts)} and {last}" if firsts else last
    return f"You get this because you {listed}. {'Rule' if len(labels) == 1 else 'Rules'}: {lower}."


def _counts(entries: Iterable[Entry]) -> dict[Noun, Counter[str]]:
    """Count items by noun and state, in the order of the entries."""
    found: dict[Noun, Counter[str]] = {}
    for entry in entries:
        state = entry.item.state.replace(NO_BREAK, " ")  # a headline must break somewhere
        found.setdefault(entry.rule.noun, Counter())[state] += 1
    return found


def _described(noun: Noun, states: Counter[str], several: str) -> str:
    """Return "3 check-ins are late", or the number with its states in the form of `several`."""
    total = states.total()
    named = f"{total} {noun.one if total == 1 else noun.many}"
    if len(states) == 1:
        return f"{named} {'is' if total == 1 else 'are'} {next(iter(states))}"
    parts = [f"{number} {state}" for state, number in states.items()]
    if more := sum([*states.values()][MOST_STATES:]):
        parts[MOST_STATES:] = [f"{more} more"]
    return f"{named} {several.format(', '.join(parts))}"


def _headed(parts: Iterable[str], text: str) -> str:
    head = ", ".join(filter(None, parts))
    return f"{head}: {text}" if head else text
