from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from engagements.access import MemberRequest, member
from engagements.commands import close_engagement, reopen_engagement
from engagements.permissions import Permission


@member(Permission.MANAGE_SETTINGS)
def engagement_close(request: MemberRequest) -> HttpResponse:
    if request.engagement.is_closed:
        return redirect("engagements:settings", request.engagement.slug)
    if request.method != "POST":
        return render(request, "engagements/engagement_close.html", {"tab": "settings"})
    close_engagement(engagement=request.engagement, by=request.membership)
    messages.success(request, f"{request.engagement} is closed.")
    return redirect("engagements:settings", request.engagement.slug)


@require_POST
@member(Permission.MANAGE_SETTINGS, even_when_closed=True)
def engagement_reopen(request: MemberRequest) -> HttpResponse:
    reopen_engagement(engagement=request.engagement, by=request.membership)
    messages.success(request, f"{request.engagement} has been reopened.")
    return redirect("engagements:settings", request.engagement.slug)
