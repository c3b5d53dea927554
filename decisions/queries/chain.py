"""The proof of the decision log: each row against its seal, its neighbour and the head (M8.2)."""

from __future__ import annotations

import datetime as dt
import json
from collections import namedtuple
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db import connections

from decisions.constraints import HEAD, RELEASES, TABLE, digest

Fault = tuple[int, str]  # the number where it shows, and the sentence

# Computing each seal again is nearly all of the work. PostgreSQL shares an aggregate of its own among
# several workers, which it cannot do with a comparison of neighbours.
ASKED = """(
    %(slug)s = ''
    OR d.engagement_id = (SELECT id FROM engagements_engagement WHERE slug = %(slug)s)
)"""
VERIFY = f"""
    WITH sealed AS (
        SELECT d.engagement_id, array_agg(d.number) FILTER (WHERE d.hash <> {digest("d")}) AS edited
        FROM {TABLE} d WHERE {ASKED} GROUP BY d.engagement_id
    ), sealed_releases AS (
        SELECT d.engagement_id, array_agg(d.number ORDER BY d.number)
            FILTER (WHERE d.hash <> {digest("d", table=RELEASES)}) AS edited
        FROM {RELEASES} d WHERE {ASKED} GROUP BY d.engagement_id
    ), links AS (
        SELECT d.engagement_id, d.number, 0 AS release, d.previous_hash, d.hash, d.recorded_at
        FROM {TABLE} d WHERE {ASKED}
        UNION ALL
        SELECT d.engagement_id, d.head_number, d.number, d.head_hash, d.hash, d.at
        FROM {RELEASES} d WHERE {ASKED}
    ), log AS (
        SELECT engagement_id, number, release, hash, previous_hash, recorded_at,
            previous_hash <> lag(hash, 1, '') OVER chain AS unlinked,
            lead(hash) OVER chain IS NULL AS ends_chain,
            lag(CASE WHEN release = 0 THEN number ELSE release END, 1, 0) OVER kind AS before,
            recorded_at < lag(recorded_at) OVER kind AS back_dated,
            release = 0 AND lead(number) OVER kind IS NULL AS is_last
        FROM links
        WINDOW chain AS (PARTITION BY engagement_id ORDER BY number, release),
            kind AS (PARTITION BY engagement_id, release = 0 ORDER BY number, release)
    ), summed AS (
        SELECT engagement_id, count(*) FILTER (WHERE release = 0) AS decisions,
            max(number) FILTER (WHERE is_last) AS number,
            max(recorded_at) FILTER (WHERE is_last) AS recorded_at,
            max(release) AS released,
            max(hash) FILTER (WHERE ends_chain) AS hash,
            max(release) FILTER (WHERE ends_chain) AS last_release,
            jsonb_agg(jsonb_build_array(number, before, unlinked, back_dated)) FILTER (
                WHERE release = 0 AND (unlinked OR number <> before + 1 OR back_dated)
            ) AS misplaced,
            jsonb_agg(
                jsonb_build_array(release, before, unlinked, number, previous_hash)
                ORDER BY release
            ) FILTER (WHERE release > 0 AND (unlinked OR release <> before + 1)) AS unheld
        FROM log GROUP BY engagement_id
    )
    SELECT e.slug, s.decisions, s.number, s.released, s.last_release, s.hash, s.recorded_at,
        h.number AS head_number, h.released AS head_released, h.hash AS head_hash,
        h.recorded_at AS head_at, sealed.edited, s.misplaced,
        sealed_releases.edited AS edited_releases, s.unheld
    FROM engagements_engagement e
    LEFT JOIN {HEAD} h ON h.engagement_id = e.id
    LEFT JOIN summed s ON s.engagement_id = e.id
    LEFT JOIN sealed ON sealed.engagement_id = e.id
    LEFT JOIN sealed_releases ON sealed_releases.engagement_id = e.id
    WHERE %(slug)s = '' OR e.slug = %(slug)s
    ORDER BY e.slug
"""  # noqa: S608 - our own expressions, no input


@dataclass(frozen=True)
class End:
    """A number of the log, the hash there, when it was recorded, and how many releases there are."""

    number: int
    hash: str
    recorded_at: dt.datetime | None = None
    released: int = 0

    @property
    def short(self) -> str:
        return self.hash[:12]


@dataclass(frozen=True, kw_only=True)
class Log:
    slug: str
    decisions: int
    head: End
    faults: Sequence[str]

    @property
    def is_intact(self) -> bool:
        return not self.faults


def verify_logs(*, slug: str = "", using: str = "owner") -> list[Log]:
    """Verify the log of that engagement, else of each one, in one statement.

    It needs the tables' owner, as no one else reads all engagements. It can't see a log whose end
    was cut together with its head; `differs_from` compares with a published head.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(VERIFY, {"slug": slug})
        row_type = namedtuple("row_type", [column.name for column in cursor.description])  # type: ignore[misc]
        return [_log(row_type(*row)) for row in cursor.fetchall()]


def differs_from(published: End, *, slug: str, using: str = "owner") -> str:
    """Return why the log does not have the published head, "" if it has.

    The published hash may be shortened, as it is printed.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            # The last publication may be a release after that decision.
            f"SELECT d.hash FROM {TABLE} d JOIN engagements_engagement e"  # noqa: S608
            " ON e.id = d.engagement_id WHERE e.slug = %(slug)s AND d.number = %(number)s"
            f" UNION ALL SELECT r.hash FROM {RELEASES} r JOIN engagements_engagement e"
            " ON e.id = r.engagement_id WHERE e.slug = %(slug)s AND r.head_number = %(number)s",
            {"slug": slug, "number": published.number},
        )
        hashes = [row[0] for row in cursor.fetchall()]
    if not hashes:
        return f"Decision {published.number} was published and is not in the log."
    if not any(one.startswith(published.hash) for one in hashes):
        return (
            f"Decision {published.number} was published with the hash {published.short},"
            f" the log has {hashes[0][:12]}."
        )
    return ""


def _log(row: Any) -> Log:
    last = End(row.number or 0, row.hash or "", row.recorded_at, row.released or 0)
    head = End(row.head_number or 0, row.head_hash or "", row.head_at, row.head_released or 0)
    of_rows = [fault for place in _rows(row.misplaced) for fault in _of_place(*place)]
    of_rows += [
        (number, f"Decision {number} was edited: its words do not give its hash.")
        for number in row.edited or ()
    ]
    faults = [sentence for _, sentence in sorted(of_rows, key=itemgetter(0))]
    faults += _of_head(
        last, head, exists=row.head_number is not None, last_release=row.last_release or 0
    )
    faults += [fault for release in _rows(row.unheld) for fault in _of_release(*release)]
    faults += [
        f"Report {number} was edited: its fields do not give its hash."
        for number in row.edited_releases or ()
    ]
    if head.released > last.released:
        faults.append(f"{_missing(last.released + 1, head.released, 'Report')[:-1]} at the end.")
    return Log(slug=row.slug, decisions=row.decisions or 0, head=head, faults=faults)


def _of_place(number: int, before: int, is_unlinked: Any, is_back_dated: Any) -> Iterator[Fault]:
    """Yield the faults of a decision in the wrong place, after the decision `before`."""
    if number > before + 1:
        yield number, _missing(before + 1, number - 1)
    elif number <= before:
        yield number, f"Number {number} stands in the log twice."
    elif is_unlinked:
        # Next to a gap this adds nothing.
        follows = f"decision {before}" if before else "an empty log"
        yield number, f"Decision {number} does not follow {follows}: it carries another hash."
    if is_back_dated:
        yield number, f"Decision {number} is dated before decision {before}."


def _of_release(release: int, before: int, is_unlinked: Any, at: int, seal: str) -> Iterator[str]:
    if release > before + 1:
        yield _missing(before + 1, release - 1, "Report")
    if is_unlinked:
        where = f"decision {at}" if at else "an empty log"
        yield f"Report {release} was published at {where}, hash {seal[:12]}: the log differs."


def _of_head(last: End, head: End, *, exists: bool, last_release: int) -> Iterator[str]:
    if not exists:
        if last.number or last.released:
            yield "The log has no head."
    elif head.number > last.number:
        yield f"{_missing(last.number + 1, head.number)[:-1]} at the end."
    elif head.number < last.number:
        yield f"The head stands at {head.number}, the log at {last.number}."
    elif head.hash != last.hash:
        ends = f"report {last_release}" if last_release else f"decision {last.number}"
        yield f"The head has another hash than {ends}."
    elif last.number and head.recorded_at != last.recorded_at:
        yield f"The head has another time than decision {last.number}."


def _missing(first: int, last: int, noun: str = "Decision") -> str:
    if first == last:
        return f"{noun} {first} is missing."
    return f"{noun}s {first} to {last} are missing."


def _rows(aggregated: str | None) -> list[Any]:
    """Return the aggregated rows; Django's connection returns jsonb as text."""
    return json.loads(aggregated) if aggregated else []
