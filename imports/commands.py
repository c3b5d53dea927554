"""The commands that store a sheet, take answers about it, and import it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace
from typing import Any

from django.db import connection, transaction

from engagements.commands.engagements import counted_once
from engagements.models import Membership
from engagements.permissions import Permission, require_right
from imports.child import in_child
from imports.known import Known
from imports.models import Sheet
from imports.plans import MAX_PROBLEMS, NOTHING, Plan, plan_content, plan_rows
from imports.problems import SKIPPED, Answers
from imports.queries import read_known, remembered_answers, sheet_plan
from imports.sheets import MAX_ROWS, read_grid
from imports.writer import Writer
from metrics.models import Metric
from okrs.commands.cycles import settle_bands
from okrs.models import ContributionLink, Cycle, KeyResult, Objective, Team
from tenancy.locks import lock, lock_names, locking


class ImportRefusedError(Exception):
    """Nothing was written; carries the plan.

    The file has problems, or, where the plan has none, the engagement has changed since the file
    was checked.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        problems = map(str, plan.problems)
        super().__init__("\n".join(problems) or "The engagement has changed since the check.")


def store_sheet(*, content: bytes, name: str, by: Membership, now: dt.datetime) -> Sheet:
    """Store the cells of a file or of pasted text, with the answers that are remembered.

    Raises TooCostlyError and SheetError.
    """
    grid = in_child(read_grid, content, max_rows=MAX_ROWS)
    with transaction.atomic():
        require_right(by, Permission.PLAN)
        headings = list(grid.headings)
        remembered = remembered_answers(by.engagement, headings=headings)
        return Sheet.objects.create(
            engagement=by.engagement,
            name=name,
            headings=headings,
            grid=asdict(grid),
            answers=remembered,
            remembered=remembered.get("columns", {}),
            created_at=now,
            created_by=by,
        )


@transaction.atomic
def answer_sheet(*, sheet: Sheet, answers: Answers, remembers: bool, by: Membership) -> Sheet:
    """Store how a sheet is to be read, and whether that holds for the next one like it."""
    (current,) = lock(sheet)
    require_right(by, Permission.PLAN)
    current.answers, current.remembers = asdict(answers), remembers
    current.save(update_fields=["answers", "remembers"])
    return current


def import_sheet(
    *,
    sheet: Sheet,
    answers: Answers,
    remembers: bool,
    expecting: int,
    skips: bool,
    by: Membership,
    now: dt.datetime,
) -> Plan:
    """Import a stored sheet and erase its cells; the answers are remembered, if that was chosen.

    With `skips`, lines with a problem are left out. Raises TooCostlyError, and ImportRefusedError,
    also where it would not make as many key results as `expecting`. Raises DoesNotExist if someone
    else has just imported it.
    """
    known = read_known(by.engagement, now=now, answers=answers)
    plan = sheet_plan(sheet, known=known, answers=answers)
    with transaction.atomic():
        options: dict[str, Any] = {"sheet": sheet, "expecting": expecting, "skips": skips}
        plan = _write(plan, known=known, by=by, now=now, **options)
        older = Sheet.objects.filter(engagement=by.engagement, headings=sheet.headings)
        older.filter(imported_at__isnull=False).delete()
        if remembers:
            columns = {str(column.at): column.field or SKIPPED for column in plan.columns}
            sheet.answers = replace(answers, columns=columns).to_remember()
            sheet.grid, sheet.imported_at = {}, now
            sheet.save(update_fields=["answers", "grid", "imported_at"])
        else:
            sheet.delete()
    return plan


def check_import(
    *,
    content: bytes,
    by: Membership,
    now: dt.datetime,
    answers: Answers = NOTHING,
    max_problems: int = MAX_PROBLEMS,
) -> Plan:
    """Return the plan of an import, or its problems. Writes and locks nothing.

    Raises TooCostlyError and SheetError.
    """
    known = read_known(by.engagement, now=now, answers=answers)
    return in_child(plan_content, content, known=known, answers=answers, max_problems=max_problems)


def import_okrs(
    *,
    content: bytes,
    by: Membership,
    now: dt.datetime,
    answers: Answers = NOTHING,
    max_problems: int = MAX_PROBLEMS,
    skips: bool = False,
    is_trusted: bool = False,
) -> Plan:
    """Load a file of OKR sets into the engagement of `by`: everything, or nothing.

    `plan_import` selects the rows. Key results stay in Draft; their objectives are owned by `by`,
    unless they have a line of their own that names an owner. A cycle named like 2026-Q1 is that
    calendar quarter, any other must exist. Unknown owners become placeholders without mail. Dates
    are taken as they are. A key result that the engagement has already, by cycle, objective and
    title in any case, is left as it is. With `skips`, lines with a problem are left out. Files that
    the product wrote itself (`is_trusted`) are checked without a child process.

    Runs inside the engagement's scope. Raises TooCostlyError, SheetError and ImportRefusedError.
    """
    known = read_known(by.engagement, now=now, answers=answers)
    options: dict[str, Any] = {"known": known, "answers": answers, "max_problems": max_problems}
    if is_trusted:
        plan = plan_content(content, **options)
    else:
        plan = in_child(plan_content, content, **options)
    return _write(plan, known=known, by=by, skips=skips, now=now)


@transaction.atomic
def _write(
    plan: Plan,
    *,
    known: Known,
    by: Membership,
    now: dt.datetime,
    sheet: Sheet | None = None,
    expecting: int | None = None,
    skips: bool = False,
) -> Plan:
    """Plan again if the data has changed since, and write."""
    if plan.problem_count and not skips:
        raise ImportRefusedError(plan)
    names = {row.key[0] for row in plan.rows}
    ids = [cycle.id for name, cycle in known.cycles.items() if name in names]
    list(locking(Cycle.objects.filter(pk__in=ids)).values_list("pk"))
    if sheet is not None and lock(sheet)[0].imported_at:
        raise Sheet.DoesNotExist
    lock_names(by.engagement_id)
    require_right(by, Permission.PLAN, may_close_meanwhile=True)
    current = replace(read_known(by.engagement, now=now), fiscal_month=known.fiscal_month)
    rows = plan.rows
    again = plan_rows(rows, known=current)
    is_expected = expecting in (None, again.key_results)
    if again.problems or not is_expected or names & current.cycles.keys() - known.cycles.keys():
        raise ImportRefusedError(again)
    # Check-ins go on meanwhile: they wait for the engagement, which is locked last.
    with counted_once(
        by.engagement, Cycle, Team, Membership, Metric, Objective, KeyResult, ContributionLink
    ):
        cycle_ids = Writer(rows, by=by, known=current).write()
        connection.check_constraints()
        require_right(by, Permission.PLAN)
    (engagement,) = lock(by.engagement)
    settle_bands(engagement, now=now)
    return replace(
        plan, made=again.made, already_there=again.already_there, rows=(), cycle_ids=cycle_ids
    )
