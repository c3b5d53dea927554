"""Notices of tests, and rules that say something plain of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import time_machine

from engagements.models import Membership
from mail.delivery import Delivered, deliver_due
from mail.models import OutboxMessage
from notifications.digests import build_digests
from notifications.models import Notice
from notifications.rules import DigestItem, NoticeRule, Noun, registered_rules
from tenancy.scoping import scope, unscoped

PARCEL = Noun("parcel", "parcels", "to collect")
MONDAY = dt.date(2026, 3, 9)
NINE = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)  # in Berlin
HOUR = dt.timedelta(hours=1)


def use_rules(monkeypatch: pytest.MonkeyPatch, **known: NoticeRule) -> None:
    """Let these be the only rules, and let no one have a deadline."""
    for name in [*registered_rules]:
        monkeypatch.delitem(registered_rules, name)
    for name, known_rule in known.items():
        monkeypatch.setitem(registered_rules, name, known_rule)
    monkeypatch.setattr("notifications.digest.registered_asides", [])


def rule(**said: Any) -> NoticeRule:
    """A rule whose notices hold always, each a parcel of its subject's number."""
    gone: set[int] = said.pop("gone", set())
    item: Mapping[str, Any] = said.pop("item", {})

    def describe(notices: Sequence[Notice], now: dt.datetime) -> dict[int, DigestItem]:
        return {one.pk: parcel(one) for one in notices if one.subject not in gone}

    def parcel(notice: Notice) -> DigestItem:
        values = {
            "heading": "At the door",
            "title": f"Parcel {notice.subject}",
            "url": f"/e/{notice.engagement.slug}/parcels/{notice.subject}/",
            "button": "Fetch",
            "about": f"parcel:{notice.subject}",
            "state": "late",
            "weight": 1,
            **item,
        }
        return DigestItem(**values)

    values = {"label": "Parcels", "reason": "order things", "noun": PARCEL, **said}
    return NoticeRule(describe=describe, **values)


def notify(person: Membership, subject: int = 1, *, rule: str = "parcel", **fields: Any) -> Notice:
    """A notice that is due at nine on that Monday, in Berlin."""
    values = {"period": MONDAY, "created_at": NINE, "due_at": NINE, **fields}
    with scope(person.engagement_id):
        return Notice.objects.create(
            engagement_id=person.engagement_id, person=person, rule=rule, subject=subject, **values
        )


def deliver(now: dt.datetime = NINE) -> Delivered:
    """Build the digests of that moment and deliver what is due, as beat has it."""
    with time_machine.travel(now, tick=False):
        build_digests(now=now)
        return deliver_due(now=now)


def read(notice: Notice) -> Notice:
    """As it stands in the database now."""
    with scope(notice.engagement_id):
        return Notice.objects.get(engagement_id=notice.engagement_id, pk=notice.pk)


def envelopes() -> list[OutboxMessage]:
    """Those that were made, in the order of their keys."""
    return list(OutboxMessage.objects.using("sweep").order_by("dedupe_key"))


def keys() -> list[str]:
    return [one.dedupe_key for one in envelopes()]


def carried(envelope: OutboxMessage) -> list[int]:
    """The subjects of the notices in this envelope."""
    with unscoped():
        held = Notice.objects.using("owner").filter(envelope=envelope.pk)
        return sorted(held.values_list("subject", flat=True))
