"""Files to import: one valid line, and what differs from it in each."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

import imports
from engagements.models import Membership
from imports.columns import COLUMNS
from imports.commands import ImportRefusedError, import_okrs
from imports.known import Known
from imports.plans import Plan, plan_content
from imports.problems import Answers, Problem
from imports.queries import CHOICES
from tenancy.scoping import scope
from tests.build import COMMITTED_AT

SHIPPED = Path(imports.__file__).parent / "data" / "okrs.csv"
SHEETS = Path(__file__).parent / "sheets"  # as people keep them; the README says what comes out
NOTHING_KNOWN = Known(
    client_names=frozenset(),
    choices=CHOICES,
    locale="en_US",
    date_order="day",
    today=dt.date(2026, 12, 1),
    cycles={},
    teams={},
    people={},
    metrics={},
    objectives={},
    key_results={},
)
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


def file_of(*lines: dict[str, str], delimiter: str = ",", more: Sequence[str] = ()) -> bytes:
    """The header and a line for each dict of differences; titles and metrics are numbered."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *more], delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    for number, line in enumerate(lines, start=1):
        named = {"key_result": f"Result {number}", "metric": f"Metric {number}"}
        writer.writerow({**LINE, **named, **line})
    return text.getvalue().encode()


def load(content: bytes, *, by: Membership, skips: bool = False, **answers: Any) -> Plan:
    with scope(by.engagement_id):
        return import_okrs(
            content=content,
            by=by,
            answers=Answers(**answers),
            skips=skips,
            is_trusted=True,
            now=COMMITTED_AT,
        )


def plan(content: bytes) -> Plan:
    """Return the plan for an engagement that has nothing; fails where there are problems."""
    plan = plan_content(content, known=NOTHING_KNOWN)
    assert plan.problem_count == 0, plan.problems
    return plan


def problems(content: bytes, *, by: Membership | None = None) -> Sequence[Problem]:
    """Return the problems of a file for the engagement of `by`, or for one that has nothing."""
    if by is None:
        return plan_content(content, known=NOTHING_KNOWN).problems
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


def send(client: Client, lead: Membership, content: bytes, name: str = "okrs.csv") -> Any:
    """Send the file as a browser without a script does, and follow to the page of the sheet."""
    return client.post(url(lead), {"sheet": SimpleUploadedFile(name, content)}, follow=True)


def page_url(page: Any) -> str:
    """Return the address of the page of a sheet."""
    path: str = page.redirect_chain[-1][0]
    return path
