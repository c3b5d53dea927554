"""The kinds of rows here that a member is in charge of, and what ends when they leave (M9.5)."""

import datetime as dt
from functools import partial

from django.db.models import Q

from engagements.holdings import Holding
from engagements.models import Membership
from okrs.commands.cycles import MAY_CHAMPION
from okrs.commands.objectives import drop_second_mention
from okrs.models import Collaborator, KeyResult, Objective, Stage, Team
from okrs.weeks import GRACE

OVER = [Stage.CLOSED, Stage.LEARNING, Stage.WITHDRAWN]


def end_collaboration(leaving: Membership) -> None:
    """Remove a member as a collaborator, except from key results that are over."""
    helped = Collaborator.objects.filter(engagement_id=leaving.engagement_id, member=leaving)
    helped.exclude(key_result__stage__in=OVER).delete()


def _objectives(today: dt.date) -> Q:
    return Q(cycle__ends_on__gte=today - GRACE)


def _drafts(today: dt.date) -> Q:
    return _objectives(today) & Q(committed_at=None)


def _key_results(today: dt.date) -> Q:
    return Q(objective__cycle__ends_on__gte=today - GRACE) & ~Q(stage__in=OVER)


_of_objective = partial(
    Holding, model=Objective, one="objective", many="objectives", page="okrs:objective-detail"
)
HOLDINGS = (
    _of_objective(key="owner", verb="owns", current=_objectives, after=drop_second_mention),
    _of_objective(key="reviewer", verb="reviews", current=_drafts),
    Holding(
        model=KeyResult,
        key="owner",
        verb="owns",
        one="key result",
        many="key results",
        page="workspace:key-result-detail",
        current=_key_results,
        after=drop_second_mention,
    ),
    Holding(
        model=Team,
        key="champion",
        verb="champions",
        one="team",
        many="teams",
        page="okrs:team-list",
        has_address=False,
        roles=MAY_CHAMPION,
    ),
)
