from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Engagement, Membership, Role
from engagements.permissions import Permission, require_right
from okrs.models import Team
from tenancy.locks import lock, lock_for_edit

MAY_CHAMPION = {Role.CHAMPION, Role.LEAD}


@transaction.atomic
def create_team(
    *, engagement: Engagement, name: str, champion: Membership | None, by: Membership
) -> Team:
    """Add a team. Raises ValidationError: `name` (taken), `champion`."""
    require_right(by, Permission.PLAN)
    lock(engagement)  # of two who add the same name, one waits and sees the other's
    team = Team(engagement=engagement, name=" ".join(name.split()), champion=champion)
    _check(team)
    _check_champion(champion)
    team.save(force_insert=True)
    return team


@transaction.atomic
def update_team(
    *, team: Team, version: int, name: str, champion: Membership | None, by: Membership
) -> Team:
    """Change a team; errors as in `create_team`, StaleEdit if someone was faster."""
    current: Team = lock_for_edit(team, version=version)
    require_right(by, Permission.PLAN)
    lock(by.engagement)
    if champion is not None and champion.pk != current.champion_id:
        _check_champion(champion)
    current.name, current.champion = " ".join(name.split()), champion
    _check(current)
    current.version += 1
    current.save(update_fields=["name", "champion", "version"])
    return current


def _check(team: Team) -> None:
    others = Team.objects.filter(engagement_id=team.engagement_id).exclude(pk=team.pk)
    if others.filter(name__iexact=team.name).exists():
        raise ValidationError(
            f"A team named “{team.name}” exists. Choose another name.", code="name"
        )


def _check_champion(champion: Membership | None) -> None:
    if champion is None:
        return
    if champion.removed_at is not None or champion.role not in MAY_CHAMPION:
        raise ValidationError(
            f"{champion.name} can’t commit objectives. Give them the Champion role first.",
            code="champion",
        )
