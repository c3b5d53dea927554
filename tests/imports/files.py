"""Files to import: one valid line, and what differs from it in each."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

import imports
from engagements.models import Membership
from imports.checking import Known
from imports.commands import CHOICES, ImportRefusedError, import_okrs
from imports.plans import Plan, plan_import
from imports.sheets import COLUMNS, Problem
from tenancy.scoping import scope
from tests.build import COMMITTED_AT

SHIPPED = Path(imports.__file__).parent / "data" / "okrs.csv"
NOTHING_KNOWN = Known(frozenset(), CHOICES, {}, {}, {}, {}, {}, {})
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


def load(content: bytes, *, by: Membership) -> Plan:
    with scope(by.engagement_id):
        return import_okrs(content=content, by=by, is_trusted=True, now=COMMITTED_AT)


def plan(content: bytes) -> Plan:
    """Return the plan for an engagement that has nothing; fails where there are problems."""
    plan = plan_import(content, known=NOTHING_KNOWN)
    assert plan.problem_count == 0, plan.problems
    return plan


def problems(content: bytes, *, by: Membership | None = None) -> Sequence[Problem]:
    """Return the problems of a file for the engagement of `by`, or for one that has nothing."""
    if by is None:
        return plan_import(content, known=NOTHING_KNOWN).problems
    try:
        load(content, by=by)
    except ImportRefusedError as refused:
        return refused.plan.problems
    raise AssertionError("The file was taken.")


def faults(content: bytes, *, by: Membership | None = None) -> list[tuple[int, str]]:
    """Return line and column of every problem."""
    return [(problem.line, problem.column) for problem in problems(content, by=by)]


def url(lead: Membership) -> str:
    return reverse("imports:sheet-import", args=[lead.engagement.slug])


def send(client: Client, lead: Membership, content: bytes, **fields: Any) -> Any:
    """Send the file as a browser without a script does."""
    sheet = SimpleUploadedFile("okrs.csv", content, content_type="text/csv")
    return client.post(url(lead), {"sheet": sheet, **fields})
