from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from engagements.access import MemberRequest, member
from engagements.permissions import Permission, may
from workspace.forms.notification_log import LedgerFilter
from workspace.queries.notification_log import (
    ledger,
    ledger_lines,
    sees_all,
    sift_ledger,
    unreached,
)

PAGE = "workspace/reminder_list.html"
ON_A_PAGE = 50


@require_safe
@member(Permission.READ)
def reminder_list(request: MemberRequest) -> HttpResponse:
    """The ledger as far as its reader may see it and the filter lets it through, newest first."""
    engagement, now = request.engagement, timezone.now()
    sifting = LedgerFilter(request.GET, membership=request.membership)
    asked = sifting.asked()
    rows = sift_ledger(ledger(request.membership), **asked)
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    leads = may(request.membership.role, Permission.MANAGE_MEMBERS)
    context = {
        "page": page,
        "lines": ledger_lines(page, engagement=engagement),
        "unreached": unreached(engagement, now=now) if leads else [],
        "filter": sifting,
        "narrows": bool(asked),
        "sees_all": sees_all(request.membership),
        "now": now,
        "tab": "reminders",
    }
    return render(request, PAGE + ("#ledger" if request.htmx else ""), context)
