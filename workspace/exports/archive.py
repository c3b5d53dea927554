from __future__ import annotations

import datetime as dt
import io
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from decisions.models import DecisionHead
from engagements.models import Engagement
from workspace.exports.okr_sets import key_results, objectives, okr_sets
from workspace.exports.records import (
    actions,
    blockers_and_help,
    check_ins,
    decisions,
    escalations,
    prompt_answers,
    releases,
)

FAST = 1  # level of compression: higher ones take longer than the queries and save a fifth
READ_ME = """\
{client}: what its engagement holds
Taken from Plumbline on {day:%Y-%m-%d} at {day:%H:%M:%S} UTC.
{log}

The tables are CSV in UTF-8, cells parted by commas. Days read 2026-03-31, moments are in UTC,
figures have a decimal point. Scores are stored from 0.00 to 1.00, whatever scale pages show.
Rows are named by their ids, as in the addresses of pages. A cell that a spreadsheet would run as a
formula has an apostrophe in front that is not part of its text.

{tables}

Nothing here ranks, averages or scores people: scores steer the work, and are for neither pay nor
appraisal. Not in here: sign-ins, settings, notes, agendas, reports, and the history of edits.

To prove the decision log without Plumbline, go through decisions.csv by number, and after each
decision through the lines of releases.csv that have its number as `head_number`. In each line the
SHA-256 of `sealed` (as UTF-8) is `hash`, and `previous_hash` (of a release, `head_hash`), which
`sealed` holds too, is the `hash` of the line before. The last hash is the one named above: compare
it with one that was published, on a report for example.
"""


def export_name(engagement: Engagement, *, now: dt.datetime) -> str:
    """ "northwind-2026-03-10.zip", by the client's calendar."""
    return f"{engagement.slug}-{engagement.today(now):%Y-%m-%d}.zip"


def export_engagement(engagement: Engagement, *, to: IO[bytes], now: dt.datetime) -> None:
    """Write a zip of the engagement's tables and what they say, with a bounded memory.

    Runs inside the engagement's scope and is whole when it returns. Each table is as of the moment
    at which it was read, one after the other.
    """
    head = DecisionHead.objects.filter(engagement=engagement).first()
    tables = (
        okr_sets(engagement),
        objectives(engagement),
        key_results(engagement),
        check_ins(engagement),
        decisions(engagement, head=head),
        releases(engagement, head=head),
        actions(engagement),
        escalations(engagement),
        blockers_and_help(engagement),
        prompt_answers(engagement),
    )
    log = (
        f"The decision log then ended with decision {head.number}, hash {head.hash}."
        if head and head.number
        else "The decision log was still empty."
    )
    text = READ_ME.format(
        client=engagement.client_name,
        day=now.astimezone(dt.UTC),
        log=log,
        tables="\n".join(f"{table.name}: {table.about}" for table in tables),
    )
    with ZipFile(to, "w") as archive:
        archive.writestr(_entry("README.txt", now), text, compresslevel=FAST)
        for table in tables:
            with (
                archive.open(_entry(table.name, now), "w") as entry,
                # With a byte order mark: by it spreadsheets know UTF-8.
                io.TextIOWrapper(entry, encoding="utf-8-sig", newline="") as lines,
            ):
                table.write(lines)


def _entry(name: str, now: dt.datetime) -> ZipInfo:
    entry = ZipInfo(name, date_time=now.astimezone(dt.UTC).timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16  # else unpacked files are readable by nobody
    return entry
