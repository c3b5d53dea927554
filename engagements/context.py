from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from engagements.models import Role
from engagements.permissions import permissions_of


def workspace(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of every page shows: demo banner, engagement and permissions."""
    membership = getattr(request, "membership", None)
    if membership is None:
        mine = getattr(request, "memberships", ()) or getattr(request, "closed", ())
        roles = {one.role for one in mine}
        return {"demo": settings.DEMO, "only_views": roles == {Role.VIEWER}}
    return {
        "demo": settings.DEMO,
        # Whose first page is a list of status pages, not a week.
        "only_views": membership.role == Role.VIEWER and not membership.reads_somewhere,
        "engagement": membership.engagement,
        "membership": membership,
        "may": dict.fromkeys((p.value for p in permissions_of(membership)), True),
    }
