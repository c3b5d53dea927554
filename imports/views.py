from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.http import require_safe

import imports
from engagements.access import MemberRequest, member
from engagements.form_views import redirect_to
from engagements.permissions import Permission
from imports.child import TooCostlyError
from imports.columns import COLUMNS, FIELDS
from imports.commands import ImportRefusedError, answer_sheet, import_sheet, store_sheet
from imports.forms import AnswersForm, SheetForm
from imports.models import Sheet
from imports.plans import MAX_PROBLEMS, MAX_REPORTED, Plan, counted
from imports.problems import Answers
from imports.queries import read_known, sheet_plan
from imports.sheets import SheetError, guard_formula
from okrs.models import Cycle
from okrs.weeks import quarters_from

EXAMPLE = Path(imports.__file__).parent / "data" / "example.csv"
BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8


@member(Permission.PLAN)
def sheet_import(request: MemberRequest) -> HttpResponse:
    """Take a sheet, and lead to the page where its columns are matched."""
    if request.method != "POST":
        return _upload(request, form=SheetForm())
    sent = int(request.META.get("CONTENT_LENGTH") or 0)
    form = SheetForm(request.POST, request.FILES, sent=sent)
    if not form.is_valid():
        return _upload(request, form=form)
    data = {name: form.cleaned_data[name] for name in ("content", "name")}
    try:
        sheet = store_sheet(**data, by=request.membership, now=timezone.now())
    except TooCostlyError:
        return _too_costly(request)
    except SheetError as error:
        form.add_error(None, str(error))
        return _upload(request, form=form)
    return redirect_to(request, "imports:sheet-detail", sheet.public_id)


@member(Permission.PLAN)
def sheet_detail(request: MemberRequest, sheet: str) -> HttpResponse:
    """Show how a sheet is read; take answers, and import it when someone confirms the result."""
    stored = _sheet(request, sheet)
    if request.method != "POST":
        return _mapping(request, stored)
    form = AnswersForm(request.POST, sheet=stored)
    if not form.is_valid():
        return _mapping(request, stored, status=422)
    answers = {name: form.cleaned_data[name] for name in ("answers", "remembers")}
    if form.cleaned_data["action"]:
        return _import(request, stored, form=form, answers=answers)
    stored = answer_sheet(sheet=stored, **answers, by=request.membership)
    if request.htmx or "edit" in request.POST:
        return _mapping(request, stored)
    return redirect_to(request, "imports:sheet-detail", stored.public_id)


@require_safe
@member(Permission.PLAN)
def sheet_problems(request: MemberRequest, sheet: str) -> HttpResponse:
    """Download the problems of a sheet, to fix them in a spreadsheet."""
    try:
        plan = _plan(request, _sheet(request, sheet), max_problems=MAX_REPORTED)
    except TooCostlyError:
        return _too_costly(request)
    lines: list[dict[str, object]] = [
        {
            "line": problem.line,
            "column": guard_formula(problem.column),
            "problem": guard_formula(problem.message),
            "fix": guard_formula(problem.fix),
        }
        for problem in plan.problems
    ]
    if plan.problems_left_out:
        lines.append({"problem": f"And {plan.problems_left_out} more. Fix these first."})
    return _csv("problems.csv", ("line", "column", "problem", "fix"), lines)


@require_safe
@member(Permission.PLAN)
def sheet_example(request: MemberRequest) -> HttpResponse:
    """Download an example: all columns and two valid lines, of the quarter to plan."""
    owner, today = request.membership, request.engagement.today(timezone.now())
    cycle = quarters_from(today)[0].name
    theirs = {"cycle": cycle, "owner": owner.name, "owner_email": owner.email}
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        return _csv("okrs.csv", COLUMNS, [line | theirs for line in csv.DictReader(file)])


def _sheet(request: MemberRequest, public_id: str) -> Sheet:
    sheets = Sheet.objects.filter(engagement=request.engagement, imported_at=None)
    return get_object_or_404(sheets, public_id=public_id)


def _plan(request: MemberRequest, sheet: Sheet, *, max_problems: int = MAX_PROBLEMS) -> Plan:
    answers = Answers.of(sheet.answers)
    known = read_known(request.engagement, now=timezone.now(), answers=answers)
    return sheet_plan(sheet, known=known, answers=answers, max_problems=max_problems)


def _import(
    request: MemberRequest, sheet: Sheet, *, form: AnswersForm, answers: dict[str, Any]
) -> HttpResponse:
    """Import the sheet; where that is refused, show it as it is read now."""
    expecting, skips = form.cleaned_data["expecting"] or 0, form.cleaned_data["action"] == "ready"
    options = {"expecting": expecting, "skips": skips, **answers}
    try:
        plan = import_sheet(sheet=sheet, **options, by=request.membership, now=timezone.now())
    except TooCostlyError:
        return _too_costly(request)
    except Sheet.DoesNotExist:  # someone pressed the button twice
        return redirect_to(request, "okrs:cycle-list")
    except ImportRefusedError as refused:
        sheet = answer_sheet(sheet=sheet, **answers, by=request.membership)
        return _mapping(request, sheet, status=422 if refused.plan.problems else 409)
    cycles = Cycle.objects.filter(engagement=request.engagement).in_bulk(plan.cycle_ids)
    filled = [cycles[pk] for pk in plan.cycle_ids]
    messages.success(request, _imported(plan, filled))
    if not filled:
        return redirect_to(request, "okrs:cycle-list")
    return redirect_to(request, "okrs:cycle-detail", filled[0].public_id)


def _imported(plan: Plan, cycles: Sequence[Cycle]) -> str:
    """Return "Imported 5 key results and 2 objectives into 2026-Q1 as drafts."."""
    made = {noun: plan.made[noun] for noun in ("key result", "objective")}
    what = " and ".join(counted(count, noun) for noun, count in made.items() if count)
    into = get_text_list([str(cycle) for cycle in cycles], "and")
    drafts = "a draft" if sum(made.values()) == 1 else "drafts"
    return f"Imported {what} into {into} as {drafts}." if cycles else "Nothing new was imported."


def _csv(name: str, columns: Iterable[str], lines: Iterable[Mapping[str, object]]) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    response = HttpResponse(
        BYTE_ORDER_MARK, content_type="text/csv; charset=utf-8", headers=headers
    )
    writer = csv.DictWriter(response, fieldnames=tuple(columns), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return response


def _upload(request: MemberRequest, *, form: SheetForm) -> HttpResponse:
    part = "imports/sheet_import.html" + ("#sheet" if request.htmx else "")
    context = {"form": form, "tab": "cycles"}
    return render(request, part, context, status=422 if form.errors else 200)


def _too_costly(request: MemberRequest) -> HttpResponse:
    form = SheetForm({"lines": request.POST.get("lines") or "-"})
    form.is_valid()
    form.add_error(None, form.too_costly)
    return _upload(request, form=form)


def _mapping(request: MemberRequest, sheet: Sheet, *, status: int = 200) -> HttpResponse:
    """Return the page of a sheet: its columns, formats and rows, with the problems to fix."""
    try:
        plan = _plan(request, sheet)
    except TooCostlyError:
        return _too_costly(request)
    context = {
        "sheet": sheet,
        "plan": plan,
        "answers": Answers.of(sheet.answers),
        "fields": FIELDS,
        "changed": status == 409,
        "edited": request.POST.get("edit"),
        "tab": "cycles",
    }
    part = "imports/sheet_detail.html" + ("#sheet" if request.htmx else "")
    return render(request, part, context, status=status)
