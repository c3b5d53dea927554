from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from decisions.commands.actions import complete_action, drop_action, reopen_action
from decisions.models import ActionItem
from decisions.queries.actions import action_row, actions
from engagements.access import MemberRequest, find, member
from engagements.form_views import redirect_back, shorten, toast
from engagements.permissions import Permission

TAB = {"tab": "actions"}


@require_safe
@member(Permission.READ)
def action_list(request: MemberRequest) -> HttpResponse:
    page = actions(request.engagement, now=timezone.now())
    headline = actions_headline(open_ones=len(page.open), overdue=page.overdue)
    context = {"page": page, "today": page.today, "headline": headline, **TAB}
    return render(request, "decisions/action_list.html", context)


@require_POST
@member(Permission.READ)
def action_done(request: MemberRequest, action: str) -> HttpResponse:
    return _change(request, action, complete_action, text="Done: {}")


@require_POST
@member(Permission.READ)
def action_reopen(request: MemberRequest, action: str) -> HttpResponse:
    return _change(request, action, reopen_action, text="Reopened: {}")


@require_POST
@member(Permission.READ)
def action_drop(request: MemberRequest, action: str) -> HttpResponse:
    return _change(request, action, drop_action, text="Dropped: {}")


def _change(
    request: MemberRequest, public_id: str, command: Callable[..., ActionItem], *, text: str
) -> HttpResponse:
    """Run the command and show the changed row; without htmx go back to the page."""
    row, now = (
        find(ActionItem.objects.filter(engagement=request.engagement), public_id),
        timezone.now(),
    )
    try:
        command(action=row, by=request.membership, now=now)
        said, refused = text.format(shorten(row.what)), False
    except ValidationError as refusal:
        said, refused = " ".join(refusal.messages), True
    if not request.htmx:
        (messages.error if refused else messages.success)(request, said)
        return redirect_back(
            request, otherwise=resolve_url("decisions:action-list", request.engagement.slug)
        )
    shown = action_row(engagement=request.engagement, action=row)
    context = {
        "action": shown,
        "today": request.engagement.today(now),
        "at": request.POST.get("at"),
    }
    answer = render(request, "decisions/_action.html", context)
    return trigger_client_event(toast(answer, said), "action-changed")


def actions_headline(*, open_ones: int, overdue: int) -> str:
    """Return for example "3 actions are open. 1 is overdue."."""
    if not open_ones:
        return "No actions are open."
    are_open = f"{open_ones} {'action is' if open_ones == 1 else 'actions are'} open."
    if not overdue:
        return f"{are_open} None is overdue."
    if overdue == open_ones:
        return f"{are_open} {'It is' if overdue == 1 else 'All are'} overdue."
    return f"{are_open} {overdue} {'is' if overdue == 1 else 'are'} overdue."
