from __future__ import annotations

import datetime as dt

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from decisions.forms.log import LogFilter
from decisions.models import DecisionHead
from decisions.queries.decisions import decisions, entries, log_head, object_log, sift
from engagements.access import MemberRequest, find, member
from engagements.permissions import Permission
from okrs.formatting import write_day
from okrs.models import KeyResult, Objective

TAB = {"tab": "decisions"}
ON_A_PAGE = 50


@require_safe
@member(Permission.READ)
def decision_list(request: MemberRequest) -> HttpResponse:
    """Show the filtered log, newest first."""
    sifting = LogFilter(request.GET, engagement=request.engagement)
    asked = sifting.asked()
    rows = sift(decisions(request.engagement), **asked)
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    head = log_head(request.engagement)
    context = {
        "headline": _headline(request, head),
        "page": page,
        "entries": entries(page, engagement=request.engagement),
        "head": head,
        "filter": sifting,
        "sought": asked.get("q", ""),
        **TAB,
    }
    part = "decisions/decision_list.html" + ("#decisions" if request.htmx else "")
    return render(request, part, context)


@require_safe
@member(Permission.READ)
def objective_decisions(request: MemberRequest, objective: str) -> HttpResponse:
    return _object_answer(
        request, find(Objective.objects.filter(engagement=request.engagement), objective)
    )


@require_safe
@member(Permission.READ)
def key_result_decisions(request: MemberRequest, key_result: str) -> HttpResponse:
    return _object_answer(
        request, find(KeyResult.objects.filter(engagement=request.engagement), key_result)
    )


def _headline(request: MemberRequest, head: DecisionHead | None) -> str:
    local = request.engagement.local
    return log_headline(
        recorded=head.number if head else 0,
        last_on=local(head.recorded_at).date() if head else None,
        today=request.engagement.today(timezone.now()),
    )


def log_headline(*, recorded: int, last_on: dt.date | None, today: dt.date) -> str:
    """Return for example "9 decisions are recorded, the last one on 22 Nov."."""
    if last_on is None:
        return "No decisions yet."
    many = "decision is" if recorded == 1 else "decisions are"
    day = write_day(last_on, today=today, weekday=False)
    last = "" if recorded == 1 else " the last one"
    return f"{recorded} {many} recorded,{last} on {day}."


def _object_answer(request: MemberRequest, about: Objective | KeyResult) -> HttpResponse:
    """Show the log of one object, as a part for htmx or as a page."""
    page = object_log(engagement=request.engagement, about=about)
    is_objective = isinstance(about, Objective)
    context = {
        "about": about,
        "page": page,
        "objective": about if is_objective else None,
        "today": request.engagement.today(timezone.now()),
        **TAB,
    }
    part = "decisions/object_decisions.html" + ("#log" if request.htmx else "")
    return render(request, part, context)
