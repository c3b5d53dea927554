from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from engagements.models import Engagement
from okrs.models import Team


@dataclass(frozen=True, kw_only=True)
class TeamRow:
    """A line of the list of teams."""

    team: Team
    objectives: int


def team_list(engagement: Engagement) -> list[TeamRow]:
    """All teams by name, with champion. One query."""
    teams = (
        Team.objects.filter(engagement=engagement)
        .select_related("champion")
        .annotate(held=Count("objectives"))
        .order_by("name")
    )
    return [TeamRow(team=team, objectives=team.held) for team in teams]
