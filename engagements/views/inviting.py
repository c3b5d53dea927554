from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from engagements.access import MemberRequest, member
from engagements.commands import invite_members, invite_waiting
from engagements.form_views import form_page, redirect_to, run_command
from engagements.forms import InviteManyForm
from engagements.models import Membership
from engagements.permissions import Permission

NAMED = 3  # names in a message, before it counts


@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_invite_many(request: MemberRequest) -> HttpResponse:
    form = InviteManyForm(request.POST or None)
    by = {"engagement": request.engagement, "by": request.membership}
    if form.is_valid() and (invited := run_command(form, invite_members, **by)):
        messages.success(request, _said(invited))
        return redirect_to(request, "engagements:member-list")
    return form_page(request, "engagements/member_invite_many.html", form=form, tab="members")


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_invite_waiting(request: MemberRequest) -> HttpResponse:
    try:
        invited = invite_waiting(engagement=request.engagement, by=request.membership)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        if invited:
            messages.success(request, _said(invited))
        else:
            messages.info(request, "Everyone has been invited already.")
    return redirect("engagements:member-list", request.engagement.slug)


def _said(invited: list[Membership]) -> str:
    if len(invited) == 1:
        return f"The invitation for {invited[0].name} is on its way."
    if len(invited) > NAMED:
        return f"{len(invited)} invitations are on their way."
    *others, last = [each.name for each in invited]
    return f"The invitations for {', '.join(others)} and {last} are on their way."
