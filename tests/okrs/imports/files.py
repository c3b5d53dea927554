"""Files to import: one valid line, and what differs from it in each."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import okrs
from engagements.models import Membership
from engagements.scoping import scope
from okrs.imports import COLUMNS, ImportRefusedError, Outcome, Problem, import_okrs

SHIPPED = Path(okrs.__file__).parent / "data" / "okrs.csv"
LINE = {
    "engagement": "",
    "cycle": "2026-Q1",
    "level": "company",
    "team": "",
    "objective": "Make first-time buyers want to return",
    "key_result": "Share of first buyers who purchase again",
    "metric": "Repeat purchase rate",
    "definition": "Share in percent",
    "unit": "percent",
    "direction": "higher",
    "baseline": "18",
    "target": "28",
    "due_on": "2026-03-31",
    "valid_low": "0",
    "valid_high": "100",
    "owner": "Dana Whitlock",
    "owner_email": "dana@harbor.test",
    "source": "Order warehouse",
    "refresh": "weekly",
    "method": "linear",
    "ladder": "",
    "weight": "1",
    "indicator": "lagging",
    "commitment": "committed",
    "contributes_to": "",
}


def file_of(*lines: dict[str, str], delimiter: str = ",") -> bytes:
    """The header and a line for each dict of differences; titles and metrics are numbered."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    for number, line in enumerate(lines, start=1):
        named = {"key_result": f"Result {number}", "metric": f"Metric {number}"}
        writer.writerow({**LINE, **named, **line})
    return text.getvalue().encode()


def load(content: bytes, *, by: Membership, dry_run: bool = False) -> Outcome:
    with scope(by.engagement_id):
        return import_okrs(content=content, by=by, dry_run=dry_run)


def refusal(content: bytes, *, by: Membership) -> list[tuple[int, str]]:
    """Line and column of every problem; fails where there is none."""
    return [(problem.line, problem.column) for problem in problems(content, by=by)]


def problems(content: bytes, *, by: Membership) -> list[Problem]:
    try:
        load(content, by=by)
    except ImportRefusedError as refused:
        return refused.problems
    raise AssertionError("The file was taken.")
