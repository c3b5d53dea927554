from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from engagements.access import MemberRequest, member
from engagements.permissions import Permission, may
from okrs.weeks import quarters_from
from workspace.headlines import home_headline
from workspace.queries.home import home_page


@require_safe
@member(Permission.READ_STATUS)
def home(request: MemberRequest) -> HttpResponse:
    """Show the state of the client and what comes next; viewers get the status page."""
    if not may(request.membership.role, Permission.READ):
        return redirect("status:status", request.engagement.slug)
    now = timezone.now()
    page = home_page(membership=request.membership, now=now)
    context = {"page": page, "headline": home_headline(page), "now": now, "tab": "home"}
    if page.steps and page.steps.cycle is None:
        context["quarters"] = quarters_from(page.today)
    return render(request, "workspace/home.html", context)
