"""What an envelope holds, read again at the moment it is sent.

Each notice is asked once more whether its cause holds and whether its person may still know. What
does not is dropped; an envelope in which nothing is left says nothing.
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

from accounts.models import User
from accounts.zones import zone_of
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
    """An item with the rule that told it, and what else is told of the same thing below it."""

    item: Item
    rule: NoticeRule
    also: Sequence[Line] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """What is told of one client, the heaviest first."""

    client: str
    lines: Sequence[Line]

    @property
    def groups(self) -> list[tuple[str, list[Item]]]:
        """Items under their headings."""
        found = groupby(self.lines, key=lambda line: line.item.heading)
        return [(heading, [line.item for line in lines]) for heading, lines in found]


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """All that one message tells its reader, as of `now`."""

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
    """Read an envelope again, on its reader's clock, and drop what no longer holds of it.

    `payload`: `envelope` and `user` (ids), `engagements` (ids). None where nothing is left to
    say. Raises SentBefore where all that is left was sent already, and what a rule raised where
    there is nothing but what it could not word; beside others, a client of which that is so is
    left out, and waits for a later envelope.
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
    """Of each client in which something holds, and what went wrong at others, by their ids."""
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
    with scope(engagement_id), transaction.atomic():  # what fails here spoils no other
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
    """What notices of one engagement say to this reader, by their ids; absent if they do not hold."""
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
    """One line about each thing: the heaviest, with what the others say below it."""
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
