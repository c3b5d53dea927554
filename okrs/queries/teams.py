from __future__ import annotations

from django.db.models import Count, QuerySet

from engagements.models import Engagement
from okrs.models import Team


def team_list(engagement: Engagement) -> QuerySet[Team]:
    """Return all teams by name, with champion and `objective_count`."""
    return (
        Team.objects.filter(engagement=engagement)
        .select_related("champion")
        .annotate(objective_count=Count("objectives"))
        .order_by("name")
    )
