from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.http import require_safe

import imports
from engagements.access import MemberRequest, member
from engagements.form_views import redirect_to
from engagements.permissions import Permission
from imports.commands import ImportRefusedError, check_import, import_okrs
from imports.forms import SheetForm
from imports.plans import MAX_REPORTED, Plan, TooCostlyError, counted
from imports.sheets import COLUMNS, guard_formula
from okrs.models import Cycle
from okrs.weeks import quarters_from

EXAMPLE = Path(imports.__file__).parent / "data" / "example.csv"
BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8


@member(Permission.PLAN)
def sheet_import(request: MemberRequest) -> HttpResponse:
    """Check a sheet without writing; import it when someone confirms the result."""
    if request.method != "POST":
        return _page(request, form=SheetForm())
    sent = int(request.META.get("CONTENT_LENGTH") or 0)
    form = SheetForm(request.POST, request.FILES, sent=sent)
    if not form.is_valid():
        return _page(request, form=form)
    try:
        return _answer(request, form=form)
    except TooCostlyError:
        form.add_error(None, form.too_costly)
        return _page(request, form=form)
    except ImportRefusedError as refused:
        return _page(request, form=form, plan=refused.plan, changed=not refused.plan.problems)


@require_safe
@member(Permission.PLAN)
def sheet_example(request: MemberRequest) -> HttpResponse:
    """Download an example: all columns and two valid lines, of the quarter to plan."""
    owner, today = request.membership, request.engagement.today(timezone.now())
    cycle = quarters_from(today)[0].name
    theirs = {"cycle": cycle, "owner": owner.name, "owner_email": owner.email}
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        return _csv("okrs.csv", COLUMNS, [line | theirs for line in csv.DictReader(file)])


def _answer(request: MemberRequest, *, form: SheetForm) -> HttpResponse:
    names = ("content", "client")
    sheet: dict[str, Any] = {name: form.cleaned_data[name] for name in names}
    sheet["by"], expecting = request.membership, form.cleaned_data["expecting"]
    if form.cleaned_data["report"]:
        return _report(check_import(**sheet, max_problems=MAX_REPORTED))
    if expecting is None:
        return _page(request, form=form, plan=check_import(**sheet))
    plan = import_okrs(**sheet, expecting=expecting, now=timezone.now())
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


def _report(plan: Plan) -> HttpResponse:
    """Return the problems of a sheet as a file, to fix them in a spreadsheet."""
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


def _csv(name: str, columns: Iterable[str], lines: Iterable[Mapping[str, object]]) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    response = HttpResponse(
        BYTE_ORDER_MARK, content_type="text/csv; charset=utf-8", headers=headers
    )
    writer = csv.DictWriter(response, fieldnames=tuple(columns), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return response


def _page(
    request: MemberRequest, *, form: SheetForm, plan: Plan | None = None, changed: bool = False
) -> HttpResponse:
    """Return the page with the plan; the sheet stays on it, to be sent again."""
    lines = form.text_to_fix if plan is None or plan.problems else form.text
    if plan and not lines:  # htmx leaves the file in its field, to be sent again
        form.fields["sheet"].widget.attrs["hx-preserve"] = "true"
    refused = plan is not None and plan.problem_count > 0
    context = {
        "form": form,
        "tab": "cycles",
        "plan": plan,
        "refused": refused,
        "changed": changed,
        "lines": lines,
    }
    part = "imports/sheet_import.html" + ("#sheet" if request.htmx else "")
    status = 422 if form.errors or refused else 409 if changed else 200
    return render(request, part, context, status=status)
