"""The decision log, proved: every row against its seal, its neighbour and the head (M8.2)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db import connections

from reviews.constraints import HEAD, TABLE, digest

Fault = tuple[int, str]  # the number at which it shows, and the sentence

# Sealing each row anew is nearly all of the work. It stands in an aggregate of its own, which
# PostgreSQL parts among several workers, as it cannot do with what looks at neighbours.
ASKED = """(
    %(slug)s = ''
    OR d.engagement_id = (SELECT id FROM engagements_engagement WHERE slug = %(slug)s)
)"""
VERIFY = f"""
    WITH sealed AS (
        SELECT d.engagement_id, array_agg(d.number) FILTER (WHERE d.hash <> {digest("d")}) AS edited
        FROM {TABLE} d WHERE {ASKED} GROUP BY d.engagement_id
    ), log AS (
        SELECT d.engagement_id, d.number, d.hash, d.recorded_at,
            d.previous_hash <> lag(d.hash, 1, '') OVER w AS unlinked,
            lag(d.number, 1, 0) OVER w AS before,
            d.recorded_at < lag(d.recorded_at) OVER w AS back_dated,
            lead(d.number) OVER w IS NULL AS is_last
        FROM {TABLE} d WHERE {ASKED}
        WINDOW w AS (PARTITION BY d.engagement_id ORDER BY d.number)
    ), summed AS (
        SELECT engagement_id, count(*) AS decisions,
            max(number) FILTER (WHERE is_last) AS number,
            max(hash) FILTER (WHERE is_last) AS hash,
            max(recorded_at) FILTER (WHERE is_last) AS recorded_at,
            jsonb_agg(jsonb_build_array(number, before, unlinked, back_dated)) FILTER (
                WHERE unlinked OR number <> before + 1 OR back_dated
            ) AS misplaced
        FROM log GROUP BY engagement_id
    )
    SELECT e.slug, s.decisions, s.number, s.hash, s.recorded_at,
        h.number, h.hash, h.recorded_at, sealed.edited, s.misplaced, (
            SELECT jsonb_agg(jsonb_build_array(r.number, r.head_number, r.head_hash)
                ORDER BY r.number)
            FROM reviews_statusreport r
            WHERE r.engagement_id = e.id AND r.head_number > 0 AND NOT EXISTS (
                SELECT 1 FROM {TABLE} d
                WHERE d.engagement_id = e.id AND d.number = r.head_number AND d.hash = r.head_hash
            )
        )
    FROM engagements_engagement e
    LEFT JOIN {HEAD} h ON h.engagement_id = e.id
    LEFT JOIN summed s ON s.engagement_id = e.id
    LEFT JOIN sealed ON sealed.engagement_id = e.id
    WHERE %(slug)s = '' OR e.slug = %(slug)s
    ORDER BY e.slug
"""  # noqa: S608 - our own expressions, no input


@dataclass(frozen=True, kw_only=True)
class End:
    """A number of the log, the hash that stands there, and when it was recorded."""

    number: int
    hash: str
    recorded_at: dt.datetime | None = None

    @property
    def short(self) -> str:
        return self.hash[:12]


@dataclass(frozen=True)
class Place:
    """A decision that does not stand where it should: its number, and the one before it."""

    number: int
    before: int
    unlinked: bool
    back_dated: bool | None


@dataclass(frozen=True, kw_only=True)
class Log:
    """One engagement's log as it was found; intact where nothing is at fault."""

    slug: str
    decisions: int
    head: End
    faults: Sequence[str]

    @property
    def is_intact(self) -> bool:
        return not self.faults


def verify_logs(*, slug: str = "", using: str = "owner") -> list[Log]:
    """The log of that engagement, else of every one, in one statement.

    It needs the tables' owner: nobody else reads all engagements. What it cannot see is a log
    whose end was cut together with its head; `differs_from` compares with a published head.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(VERIFY, {"slug": slug})
        return [_log(*row) for row in cursor.fetchall()]


def differs_from(published: End, *, slug: str, using: str = "owner") -> str:
    """What is wrong where the log does not hold the head that was published; else nothing.

    The published hash may be cut short, as it is printed.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"SELECT d.hash FROM {TABLE} d JOIN engagements_engagement e"  # noqa: S608
            " ON e.id = d.engagement_id WHERE e.slug = %s AND d.number = %s",
            [slug, published.number],
        )
        found = cursor.fetchone()
    if found is None:
        return f"Decision {published.number} was published and is not in the log."
    if not found[0].startswith(published.hash):
        return (
            f"Decision {published.number} was published with the hash {published.short},"
            f" the log has {found[0][:12]}."
        )
    return ""


def _log(
    slug: str,
    decisions: int | None,
    number: int | None,
    last_hash: str | None,
    recorded_at: dt.datetime | None,
    head_number: int | None,
    head_hash: str | None,
    head_at: dt.datetime | None,
    edited: Sequence[int] | None,
    misplaced: str | None,
    unheld: str | None,
) -> Log:
    last = End(number=number or 0, hash=last_hash or "", recorded_at=recorded_at)
    head = End(number=head_number or 0, hash=head_hash or "", recorded_at=head_at)
    of_rows = [said for row in _rows(misplaced) for said in _of_place(Place(*row))]
    of_rows += map(_edited, edited or ())
    faults = [said for _, said in sorted(of_rows, key=itemgetter(0))]
    faults += _of_head(last, head, exists=head_number is not None)
    faults += [
        f"Report {report} was published at decision {at}, hash {seal[:12]}: the log differs."
        for report, at, seal in _rows(unheld)
    ]
    return Log(slug=slug, decisions=decisions or 0, head=head, faults=faults)


def _edited(number: int) -> Fault:
    return number, f"Decision {number} was edited: its words do not give its hash."


def _of_place(place: Place) -> Iterator[Fault]:
    number, before = place.number, place.before
    if number > before + 1:
        yield number, _missing(before + 1, number - 1)
    elif number <= before:
        yield number, f"Number {number} stands in the log twice."
    elif place.unlinked:
        # Beside a gap this says nothing new.
        follows = f"decision {before}" if before else "an empty log"
        yield number, f"Decision {number} does not follow {follows}: it carries another hash."
    if place.back_dated:
        yield number, f"Decision {number} is dated before decision {before}."


def _of_head(last: End, head: End, *, exists: bool) -> Iterator[str]:
    if not exists:
        if last.number:
            yield "The log has no head."
    elif head.number > last.number:
        yield f"{_missing(last.number + 1, head.number)[:-1]} at the end."
    elif head.number < last.number:
        yield f"The head stands at {head.number}, the log at {last.number}."
    elif head.hash != last.hash:
        yield f"The head has another hash than decision {last.number}."
    elif last.number and head.recorded_at != last.recorded_at:
        yield f"The head has another time than decision {last.number}."


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"Decision {first} is missing."
    return f"Decisions {first} to {last} are missing."


def _rows(found: Any) -> list[Any]:
    """What PostgreSQL aggregated; Django's connection hands jsonb on as text."""
    if isinstance(found, str):
        found = json.loads(found)
    return list(found or [])
