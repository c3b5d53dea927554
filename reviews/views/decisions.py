from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from engagements.access import find, member
from engagements.answers import form_page, onward, take
from engagements.http import MemberRequest
from engagements.permissions import Permission
from okrs.models import KeyResult, Objective
from reviews.commands import supersede_decision
from reviews.forms import LogFilter, SupersedeForm
from reviews.headlines import log_headline
from reviews.models import Decision, DecisionHead
from reviews.queries.decisions import decisions, entries, log_head, object_log, sift

TAB = {"tab": "decisions"}
ON_A_PAGE = 50
KEPT = ("text", "owner", "change", "client_visible")


@require_safe
@member(Permission.READ)
def decision_list(request: MemberRequest) -> HttpResponse:
    """The log, newest first, as far as the filter lets it through."""
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
    part = "reviews/decision_list.html" + ("#decisions" if request.htmx else "")
    return render(request, part, context)


@member(Permission.DECIDE)
def decision_supersede(request: MemberRequest, decision: str) -> HttpResponse:
    """Record what takes the place of a decision; the form opens with its words."""
    row = find(decisions(request.engagement), decision)
    form = SupersedeForm(
        request.POST or None,
        engagement=request.engagement,
        named=[row.owner],
        initial={name: getattr(row, name) for name in KEPT},
    )
    known = {"decision": row, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and (later := take(form, supersede_decision, **known)):
        messages.success(request, said(later))
        return onward(request, "reviews:decision-list")
    (entry,) = entries([row], engagement=request.engagement)
    return form_page(request, "reviews/decision_supersede.html", form=form, entry=entry, **TAB)


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


def said(later: Decision) -> str:
    earlier = later.supersedes.number if later.supersedes else ""
    return f"Recorded as decision {later.number}. It supersedes decision {earlier}."


def _object_answer(request: MemberRequest, about: Objective | KeyResult) -> HttpResponse:
    """The small log of one object: for its own page by htmx, a page by itself else."""
    page = object_log(engagement=request.engagement, about=about)
    is_objective = isinstance(about, Objective)
    context = {
        "about": about,
        "page": page,
        "objective": about if is_objective else None,
        "today": request.engagement.today(timezone.now()),
        **TAB,
    }
    part = "reviews/object_decisions.html" + ("#log" if request.htmx else "")
    return render(request, part, context)
