from __future__ import annotations

import csv
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from engagements.access import member
from engagements.answers import onward
from engagements.http import MemberRequest
from engagements.permissions import Permission
from okrs.forms import SheetForm
from okrs.imports import (
    COLUMNS,
    ImportChangedError,
    ImportRefusedError,
    counted,
    example,
    import_okrs,
    said_made,
)

BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8


@member(Permission.PLAN)
def sheet_import(request: MemberRequest) -> HttpResponse:
    """Check a sheet, which writes nothing; import it once somebody has read what it would make."""
    if request.method != "POST":
        return _page(request, form=SheetForm())
    sent = int(request.META.get("CONTENT_LENGTH") or 0)
    form = SheetForm(request.POST, request.FILES, sent=sent)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    expecting = form.cleaned_data["expecting"]
    try:
        outcome = import_okrs(
            content=form.cleaned_data["content"],
            by=request.membership,
            client=form.cleaned_data["client"],
            dry_run=expecting is None,
            expecting=expecting,
        )
    except ImportRefusedError as refused:
        return _page(request, form=form, refused=refused, status=422)
    except ImportChangedError as changed:
        return _page(request, form=form, outcome=changed.outcome, changed=True, status=409)
    if expecting is None:
        return _page(request, form=form, outcome=outcome)
    messages.success(request, f"Imported {counted(outcome.made.key_results, 'key result')}.")
    return onward(request, "reviews:home")


@require_safe
@member(Permission.PLAN)
def sheet_example(request: MemberRequest) -> HttpResponse:
    """A sheet to start from: all columns, two lines that pass the checks as they are."""
    headers = {"Content-Disposition": 'attachment; filename="okrs.csv"'}
    response = HttpResponse(
        BYTE_ORDER_MARK, content_type="text/csv; charset=utf-8", headers=headers
    )
    rows = csv.DictWriter(response, fieldnames=COLUMNS, lineterminator="\r\n")
    rows.writeheader()
    today = request.engagement.today(timezone.now())
    rows.writerows(example(owner=request.membership, today=today))
    return response


def _page(
    request: MemberRequest, *, form: SheetForm, status: int = 200, **found: Any
) -> HttpResponse:
    """The page with what was found in the sheet; the sheet itself stays on it, to be sent again."""
    context: dict[str, Any] = {"form": form, "tab": "cycles", **found}
    context["lines"] = _lines(form)
    if outcome := found.get("outcome"):
        context["made"] = said_made(outcome.made, zeros=False)
    part = "okrs/sheet_import.html" + ("#sheet" if request.htmx else "")
    return render(request, part, context, status=status)


def _lines(form: SheetForm) -> str:
    """What was sent, as text; nothing where letters would be lost, so that none are imported."""
    content = getattr(form, "cleaned_data", {}).get("content", b"")
    try:
        return content.decode("utf-8-sig") or form["lines"].value() or ""
    except UnicodeDecodeError:
        return ""
