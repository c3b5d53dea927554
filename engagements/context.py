from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from engagements.permissions import permissions_of


def workspace(request: HttpRequest) -> dict[str, Any]:
    """What every page's frame shows: the demo's banner, the engagement, what one may do there."""
    membership = getattr(request, "membership", None)
    if membership is None:
        return {"demo": settings.DEMO}
    return {
        "demo": settings.DEMO,
        "engagement": membership.engagement,
        "membership": membership,
        "may": dict.fromkeys((p.value for p in permissions_of(membership)), True),
    }
