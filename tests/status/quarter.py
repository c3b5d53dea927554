"""A committed set of the first quarter of 2026, with check-ins."""

from __future__ import annotations

import datetime as dt
from typing import Any

from engagements.models import Engagement, Membership
from okrs.models import KeyResult, Objective
from okrs.queries.cycles import end_of
from status.commands import store_snapshot
from status.schema import KeyResultRow, Page
from status.snapshots import build_snapshot, moment_of
from tests import build
from tests.checkins.posting import TUESDAY, at

COMMITTED = at("2026-01-02T09:00")


def objective(owner: Membership, **fields: Any) -> Objective:
    """Committed at the start of the quarter."""
    cycle = fields.pop("cycle", None) or build.cycle(owner.engagement)
    fields = {"committed_at": COMMITTED, "committed_by": owner, **fields}
    return build.objective(owner, cycle, **fields)


def key_result(objective: Objective, title: str, **fields: Any) -> KeyResult:
    """From 0 up to 10, committed with its objective."""
    fields = {"direction": "higher", "baseline": 0, "target": 10, **fields}
    fields.setdefault("committed_at", COMMITTED)
    return build.live_key_result(objective, title=title, **fields)


def week(number: int) -> dt.datetime:
    """Monday of that week of the quarter, 09:00 in Berlin; week 1 begins on 5 January."""
    return at("2026-01-05T09:00") + dt.timedelta(weeks=number - 1)


def shown(lead: Membership, *, now: dt.datetime = TUESDAY) -> Page:
    """Return what clients see at that moment."""
    engagement = Engagement.objects.get(pk=lead.engagement_id)
    return build_snapshot(engagement, moment_of(engagement, now=now))


def rows_of(page: Page) -> dict[str, KeyResultRow]:
    """Return the key results of the page by title."""
    blocks = [block for cycle in page["cycles"] for block in cycle["blocks"]]
    return {row["title"]: row for block in blocks for row in block["key_results"]}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def end_day(engagement: Engagement, day: str) -> None:
    """Let the job store the page as that day ends."""
    now = end_of(dt.date.fromisoformat(day), engagement=engagement)
    store_snapshot(engagement_id=engagement.pk, now=now)
