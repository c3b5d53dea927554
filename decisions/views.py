"""The decision log, the decisions of one object, and the list of actions."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from decisions.commands import complete_action, drop_action, reopen_action
from decisions.forms import LogFilter
from decisions.models import ActionItem, DecisionHead
from decisions.queries.log import action_row, actions, decisions, entries, object_log, sift
from engagements.access import MemberRequest, find, member
from engagements.form_views import redirect_back, shorten, toast
from engagements.permissions import Permission
from okrs.models import KeyResult, Objective
from tenancy.scoping import end_writing

ON_A_PAGE = 50


@require_safe
@member(Permission.READ)
def decision_list(request: MemberRequest) -> HttpResponse:
    """Show the filtered log, newest first."""
    engagement = request.engagement
    log_filter = LogFilter(request.GET, engagement=engagement)
    values = log_filter.values()
    rows = sift(decisions(engagement), **values)
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    head = DecisionHead.objects.filter(engagement=engagement, number__gt=0).first()
    context = {
        "page": page,
        "entries": entries(page, engagement=engagement),
        "head": head,
        "last_on": engagement.local(head.recorded_at).date() if head else None,
        "filter": log_filter,
        "sought": values.get("q", ""),
        "tab": "decisions",
    }
    part = "decisions/decision_list.html" + ("#decisions" if request.htmx else "")
    return render(request, part, context)


@require_safe
@member(Permission.READ)
def objective_decisions(request: MemberRequest, objective: str) -> HttpResponse:
    rows = Objective.objects.filter(engagement=request.engagement)
    return _object_decisions(request, find(rows, objective))


@require_safe
@member(Permission.READ)
def key_result_decisions(request: MemberRequest, key_result: str) -> HttpResponse:
    rows = KeyResult.objects.filter(engagement=request.engagement)
    return _object_decisions(request, find(rows, key_result))


@require_safe
@member(Permission.READ)
def action_list(request: MemberRequest) -> HttpResponse:
    page = actions(request.engagement, now=timezone.now())
    context = {"page": page, "today": page.today, "tab": "actions"}
    return render(request, "decisions/action_list.html", context)


def _object_decisions(request: MemberRequest, about: Objective | KeyResult) -> HttpResponse:
    """Show the log of one object, as a part for htmx or as a page."""
    context = {
        "about": about,
        "page": object_log(engagement=request.engagement, about=about),
        "objective": about if isinstance(about, Objective) else None,
        "today": request.engagement.today(timezone.now()),
        "tab": "decisions",
    }
    part = "decisions/object_decisions.html" + ("#log" if request.htmx else "")
    return render(request, part, context)


def _button(command: Callable[..., ActionItem], *, text: str) -> Callable[..., HttpResponse]:
    """Return the view that runs the command and shows the changed row; without htmx it goes back."""

    @require_POST
    @member(Permission.READ)
    def change(request: MemberRequest, action: str) -> HttpResponse:
        row = find(ActionItem.objects.filter(engagement=request.engagement), action)
        now, notify, message = timezone.now(), messages.success, text.format(shorten(row.what))
        try:
            command(action=row, by=request.membership, now=now)
        except ValidationError as refusal:
            notify, message = messages.error, " ".join(refusal.messages)
        end_writing()
        if not request.htmx:
            notify(request, message)
            action_list_url = resolve_url("decisions:action-list", request.engagement.slug)
            return redirect_back(request, otherwise=action_list_url)
        context = {
            "action": action_row(engagement=request.engagement, action=row),
            "today": request.engagement.today(now),
            "at": request.POST.get("at"),
        }
        answer = render(request, "decisions/_action.html", context)
        return trigger_client_event(toast(answer, message), "action-changed")

    return change


action_done = _button(complete_action, text="Done: {}")
action_reopen = _button(reopen_action, text="Reopened: {}")
action_drop = _button(drop_action, text="Dropped: {}")
