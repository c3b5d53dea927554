"""The content of an envelope, read again at the moment it is sent.

Notices whose cause or whose reader's access is gone are dropped. An empty envelope is not sent.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User, zone_of
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may
from mail.email_types import SentBefore
from notifications.commands import drop_notices, put_back
from notifications.models import Notice
from notifications.rules import Aside, Item, NoticeRule, asides_for, rules
from tenancy.scoping import MAX_ENGAGEMENTS, identity, scope, unscoped

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Line:
    """An item with its rule, and the other items about the same thing below it."""

    item: Item
    rule: NoticeRule
    also: Sequence[Line] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """The lines about one client, the most important first."""

    client: str
    lines: Sequence[Line]

    @property
    def groups(self) -> list[tuple[str, list[Item]]]:
        """Items under their headings."""
        found = groupby(self.lines, key=lambda line: line.item.heading)
        return [(heading, [line.item for line in lines]) for heading, lines in found]


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The content of one message, as of `now`."""

    reader: User
    now: dt.datetime
    sections: Sequence[Section]
    asides: Sequence[Aside] = ()

    @property
    def lines(self) -> list[Line]:
        lines = [line for section in self.sections for line in section.lines]
        return sorted(lines, key=_by_weight)


def open_envelope(
    payload: dict[str, Any], *, now: dt.datetime, with_asides: bool
) -> Envelope | None:
    """Read an envelope in its reader's time zone and drop outdated notices.

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
        told = {line.item.about for section in found for line in section.lines}
        asides = _asides(reader, but=told, now=now) if with_asides else []
    return Envelope(reader=reader, now=now, sections=sorted(found, key=_by_urgency), asides=asides)


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
        lines = describe(held, reader=reader, now=now)
        drop_notices([one for one in held if one.pk not in lines], now=now)
        if not lines:
            return None
        return section_of(held[0].engagement, lines.values())


def describe(notices: Sequence[Notice], *, reader: User, now: dt.datetime) -> dict[int, Line]:
    """Word valid notices of one engagement for this reader, by notice id."""
    by_rule: dict[str, list[Notice]] = defaultdict(list)
    for one in notices:
        if _may_know(one, reader=reader):
            by_rule[one.rule].append(one)
    return {
        pk: Line(item=item, rule=rule)
        for name, mine in by_rule.items()
        if (rule := rules().get(name)) and _is_wanted(rule, reader=reader)
        for pk, item in rule.describe(mine, now).items()
    }


def section_of(engagement: Engagement, lines: Iterable[Line]) -> Section:
    """Merge lines about the same thing: the most important one, with the others below it."""
    by_thing: dict[str, list[Line]] = {}
    for line in sorted(lines, key=_by_weight):
        by_thing.setdefault(line.item.about, []).append(line)
    merged = [_merged(line, others) for line, *others in by_thing.values()]
    return Section(client=engagement.client_name, lines=merged)


def _merged(line: Line, others: Sequence[Line]) -> Line:
    below = (said for other in others for said in _below(other.item, under=line.item))
    said = dict.fromkeys([*line.item.paragraphs, *below])  # nothing twice
    return replace(line, item=replace(line.item, text="\n".join(said)), also=others)


def _below(item: Item, *, under: Item) -> list[str]:
    """Its paragraphs, the first after its heading: "At risk or blocked: Blocked since Tue …"."""
    first, *rest = item.paragraphs or [""]
    if item.heading == under.heading:
        return item.paragraphs
    return [f"{item.heading}: {first}" if first else f"{item.heading}.", *rest]


def _may_know(notice: Notice, *, reader: User) -> bool:
    person = notice.person
    is_theirs = person.user_id == reader.pk and person.removed_at is None
    if notice.engagement.is_closed:  # it asks for nothing any more
        return False
    return reader.is_active and is_theirs and may(person.role, Permission.READ)


def _is_wanted(rule: NoticeRule, *, reader: User) -> bool:
    return not rule.switch or bool(getattr(reader, rule.switch))


def _asides(reader: User, *, but: set[str], now: dt.datetime) -> list[Aside]:
    with identity(user_id=reader.pk), unscoped():
        mine = Membership.objects.active().filter(user=reader).select_related("engagement")
        memberships = [
            one
            for one in mine.filter(engagement__closed_at=None).order_by("-id")[:MAX_ENGAGEMENTS]
            if may(one.role, Permission.READ)
        ]
    with scope(*(one.engagement_id for one in memberships)):
        return list(_without(asides_for(memberships, now=now), but=but))


def _without(asides: Iterable[Aside], *, but: set[str]) -> Iterator[Aside]:
    return (aside for aside in asides if aside.about not in but)


def _by_weight(line: Line) -> tuple[int, str]:
    return -line.item.weight, line.item.heading


def _by_urgency(section: Section) -> tuple[int, str]:
    return -section.lines[0].item.weight, section.client.casefold()
