from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from engagements.access import MemberRequest, member
from engagements.permissions import Permission, may
from engagements.row_cache import Row, render_rows
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
    known = {one.objective.public_id: one for one in page.objectives}
    html = iter(
        render_rows(
            "workspace/home.html#objective",
            [Row(request.engagement, public_id) for public_id in known],
            contexts=lambda missing: ({"row": known[row.public_id]} for row in missing),
            now=now,
        )
    )
    cycles = [(cycle, [next(html) for _ in cycle.objectives]) for cycle in page.cycles]
    context = {
        "page": page,
        "cycles": cycles,
        "headline": home_headline(page),
        "now": now,
        "tab": "home",
    }
    if page.steps and page.steps.cycle is None:
        context["quarters"] = quarters_from(page.today)
    return render(request, "workspace/home.html", context)
