"""The content of a digest, read again at the moment it is sent, and how it is worded.

Notices whose cause or whose reader's access is gone are dropped. An empty digest is not sent.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User, zone_of
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may
from mail.delivery import MAX_SUBJECT
from mail.email_types import SentBefore, one_line
from notifications.commands import drop_notices, put_back
from notifications.models import Notice
from notifications.rules import Aside, DigestItem, NoticeRule, Noun, asides_for, rules
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
        """Items under their headings."""
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
            with scope(engagement_id):
                put_back(envelope=payload["envelope"], engagement_id=engagement_id)
        told = {entry.item.about for section in found for entry in section.entries}
        asides = _asides(reader, but=told, now=now) if with_asides else []
    return Digest(reader=reader, now=now, sections=sorted(found, key=_by_urgency), asides=asides)


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
        if not entries:
            return None
        return section_of(held[0].engagement, entries.values())


def describe(notices: Sequence[Notice], *, reader: User, now: dt.datetime) -> dict[int, Entry]:
    """Word valid notices of one engagement for this reader, by notice id."""
    by_rule: dict[str, list[Notice]] = defaultdict(list)
    for one in notices:
        if may_know(one, reader=reader):
            by_rule[one.rule].append(one)
    return {
        pk: Entry(item=item, rule=rule)
        for name, mine in by_rule.items()
        if (rule := rules().get(name)) and _is_wanted(rule, reader=reader)
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
    """Its paragraphs, the first after its heading: "At risk or blocked: Blocked since Tue …"."""
    first, *rest = item.paragraphs or [""]
    if item.heading == under.heading:
        return item.paragraphs
    return [f"{item.heading}: {first}" if first else f"{item.heading}.", *rest]


def may_know(notice: Notice, *, reader: User) -> bool:
    person = notice.person
    is_theirs = person.user_id == reader.pk and person.removed_at is None
    if notice.engagement.is_closed:  # it asks for nothing any more
        return False
    return reader.is_active and is_theirs and may(person.role, Permission.READ)


def _is_wanted(rule: NoticeRule, *, reader: User) -> bool:
    return not rule.switch or bool(getattr(reader, rule.switch))


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
            found += asides_for(page, now=now)
    return [aside for aside in found if aside.about not in but]


def _by_weight(entry: Entry) -> tuple[int, str]:
    return -entry.item.weight, entry.item.heading


def _by_urgency(section: Section) -> tuple[int, str]:
    return -section.entries[0].item.weight, section.client.casefold()


@dataclass(frozen=True)
class Count:
    """The number of items of one noun, in all and by state."""

    noun: Noun
    states: Sequence[tuple[str, int]]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.states)

    @property
    def named(self) -> str:
        return f"{self.total} {self.noun.one if self.total == 1 else self.noun.many}"


def counts(entries: Iterable[Entry]) -> list[Count]:
    """Count items by noun and state, in the order of the entries."""
    found: dict[Noun, Counter[str]] = {}
    for entry in entries:
        state = entry.item.state.replace(NO_BREAK, " ")  # a headline must break somewhere
        found.setdefault(entry.rule.noun, Counter())[state] += 1
    return [Count(noun, list(states.items())) for noun, states in found.items()]


def subject(digest: Digest, *, is_daily: bool) -> str:
    """Return the client and the item, or the clients, the day and the counts of several items.

    "Northwind: API latency has been red for two weeks"; "Northwind, Tue 10 Mar: 5 check-ins (3
    late, 2 due today by 12:00)". The day is the one on the active clock. Where it gets too long,
    the clients go first, then all counts but the first are added up.
    """
    names = [one_line(one.client, most=LONGEST_CLIENT) for one in digest.sections]
    if len(digest.entries) == 1:
        return _one_item(digest.entries[0], client=names[0])
    clients = ", ".join(names) if len(names) <= MOST_CLIENTS else f"{len(names)} clients"
    day = date_format(timezone.localtime(digest.now), "D j M") if is_daily else ""
    first, *others = counts(digest.entries)
    whole = ", ".join(_counted(count) for count in (first, *others))
    short = f"{_counted(first)}, {sum(one.total for one in others)} more"
    full = _headed([clients, day], whole)
    if len(full) <= MAX_SUBJECT or not others:
        return full
    without_clients = _headed([day], whole)
    return without_clients if len(without_clients) <= MAX_SUBJECT else _headed([day], short)


def headline(entries: Iterable[Entry]) -> str:
    """Return "5 check-ins to do: 3 late, 2 due today by 12:00."."""
    sentences = [_sentence(count) for count in counts(entries)]
    more = ["More below."] if len(sentences) > MOST_SENTENCES else []
    return " ".join([*sentences[:MOST_SENTENCES], *more])


def why(entries: Iterable[Entry]) -> str:
    """Return "You get this because you own key results (rules: due soon, late)."."""
    found = [each for entry in entries for each in (entry, *entry.also)]
    reasons = list(dict.fromkeys(entry.item.why or entry.rule.reason for entry in found))
    labels = list(dict.fromkeys(_lower(entry.rule.label) for entry in found))
    rules = f"{'rule' if len(labels) == 1 else 'rules'}: {', '.join(labels)}"
    return f"You get this because you {_listed(reasons)} ({rules})."


def _one_item(entry: Entry, *, client: str) -> str:
    news = (entry.item.news or f"({entry.item.state})").replace(NO_BREAK, " ")
    most = MAX_SUBJECT - len(client) - len(news) - len(":  ")
    return f"{client}: {one_line(entry.item.title, most=most)} {news}"


def _headed(parts: Iterable[str], text: str) -> str:
    head = ", ".join(filter(None, parts))
    return f"{head}: {text}" if head else text


def _counted(count: Count) -> str:
    if len(count.states) == 1:
        return _of_one_state(count)
    return f"{count.named} ({', '.join(_states(count))})"


def _sentence(count: Count) -> str:
    if len(count.states) == 1:
        return f"{_of_one_state(count)}."
    return f"{count.named} {count.noun.want}: {', '.join(_states(count))}."


def _of_one_state(count: Count) -> str:
    return f"{count.named} {'is' if count.total == 1 else 'are'} {count.states[0][0]}"


def _states(count: Count) -> Iterator[str]:
    for state, number in count.states[:MOST_STATES]:
        yield f"{number} {state}"
    left = sum(number for _, number in count.states[MOST_STATES:])
    if left:
        yield f"{left} more"


def _lower(label: str) -> str:
    return f"{label[0].lower()}{label[1:]}"


def _listed(phrases: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    *firsts, last = phrases
    return f"{', '.join(firsts)} and {last}" if firsts else last
