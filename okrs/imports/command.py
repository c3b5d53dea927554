from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from engagements.models import Engagement, Membership
from okrs.commands.cycles import settle_bands
from okrs.imports.cells import Problem
from okrs.imports.checking import check_beside, check_together
from okrs.imports.contributions import Targets, check_contributions
from okrs.imports.existing import Existing
from okrs.imports.previews import Preview, preview
from okrs.imports.rows import Row, read_row
from okrs.imports.sheets import Record, read_sheet
from okrs.imports.writing import Made, Writer


class ImportRefusedError(Exception):
    """The file has problems; nothing was written. Carries every one of them, in line order.

    `taken_from` as in the outcome.
    """

    def __init__(self, problems: Sequence[Problem], *, taken_from: tuple[str, ...] = ()) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        self.taken_from = taken_from
        super().__init__("\n".join(map(str, self.problems)))


class ImportChangedError(Exception):
    """It would no longer make what somebody agreed to; nothing was written.

    Carries the outcome that it would have now.
    """

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__("The engagement has changed since the sheet was checked.")


@dataclass(frozen=True)
class Outcome:
    """What was made, and how many key results were there already or belong to other clients.

    `taken_from` names the clients of the file where it names this one nowhere and all was taken.
    """

    made: Made
    preview: Preview
    already_there: int
    of_other_clients: int
    taken_from: tuple[str, ...] = ()


@transaction.atomic
def import_okrs(
    *,
    content: bytes,
    by: Membership,
    client: str = "",
    dry_run: bool = False,
    expecting: int | None = None,
) -> Outcome:
    """Load a file of OKR sets into the engagement of `by`: everything, or nothing.

    `content` is a CSV file with the columns of `COLUMNS`. Where it names this client, by name or
    slug, in its engagement column, rows of other clients are left out unread; where it names it
    nowhere, all rows are taken, or only those of `client` where one is given. Key results stay in
    Draft; their objectives are owned by `by`. A cycle named like 2026-Q1 is that calendar quarter,
    any other must exist. Unknown owners become placeholders without mail. Dates are taken as they
    stand. A key result that the engagement has already, by cycle, objective and title in any case,
    is left as it is.

    Runs inside the engagement's scope. Raises ImportRefusedError with every bad cell, and
    ImportChangedError where it would not make as many key results as somebody is `expecting`.
    """
    # Names are unique per engagement: whoever adds one queues here, as in the other commands.
    engagement = Engagement.objects.select_for_update(no_key=True).get(pk=by.engagement_id)
    sheet = read_sheet(content)
    records = _records_of(engagement, sheet.records, client=client)
    rows, problems = _read(records)
    existing = Existing(engagement)
    new = [row for row in rows if not existing.has(row)]
    targets = Targets(rows, existing=existing)
    problems += sheet.problems
    problems += check_together(rows)
    problems += check_beside(new, existing=existing)
    problems += check_contributions(new, targets=targets, torn=sheet.torn)
    strangers = _strangers(engagement, records)
    if problems:
        raise ImportRefusedError(problems, taken_from=strangers)
    outcome = Outcome(
        preview=preview(rows, existing=existing),  # while it holds only what there was
        made=Writer(by=by, existing=existing).write(new, targets=targets),
        already_there=len(rows) - len(new),
        of_other_clients=len(sheet.records) - len(records),
        taken_from=strangers,
    )
    settle_bands(engagement)
    if expecting not in (None, outcome.made.key_results):
        raise ImportChangedError(outcome)
    if dry_run:
        transaction.set_rollback(True)
    return outcome


def _records_of(engagement: Engagement, records: list[Record], *, client: str) -> list[Record]:
    names = {client.casefold()} if client else _names(engagement)
    mine = [record for record in records if _client(record).casefold() in names]
    return mine if mine or client else records


def _strangers(engagement: Engagement, records: list[Record]) -> tuple[str, ...]:
    found = {_client(record): None for record in records if _client(record)}
    return tuple(name for name in found if name.casefold() not in _names(engagement))


def _names(engagement: Engagement) -> set[str]:
    return {engagement.client_name.casefold(), engagement.slug.casefold()}


def _client(record: Record) -> str:
    return record.cells.get("engagement", "").strip()


def _read(records: list[Record]) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    for record in records:
        row, faults = read_row(record)
        rows.append(row)
        problems += faults
    return rows, problems
