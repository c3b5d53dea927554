"""One key result with all that its card, its page and its check-in form show."""

from __future__ import annotations

from dataclasses import dataclass

from checkins.models import CheckIn
from engagements.models import Engagement, Membership
from metrics.models import Metric
from okrs.models import Cycle, KeyResult, Objective, Team
from tenancy.sql import instances, select_list

MODELS = (KeyResult, Objective, Cycle, Team, Metric, Membership, Membership, CheckIn, Membership)
ALIASES = ("k", "o", "c", "team", "metric", "owner", "lead", "post", "author")
ROW = f"""
    SELECT {", ".join(map(select_list, MODELS, ALIASES))},
        (SELECT public_id FROM checkins_checkin newest
         WHERE newest.engagement_id = k.engagement_id AND newest.key_result_id = k.id
         ORDER BY id DESC LIMIT 1)
    FROM okrs_keyresult k
    JOIN okrs_objective o ON o.engagement_id = k.engagement_id AND o.id = k.objective_id
    JOIN okrs_cycle c ON c.engagement_id = o.engagement_id AND c.id = o.cycle_id
    JOIN engagements_membership lead
        ON lead.engagement_id = o.engagement_id AND lead.id = o.owner_id
    LEFT JOIN okrs_team team ON team.engagement_id = o.engagement_id AND team.id = o.team_id
    LEFT JOIN metrics_metric metric
        ON metric.engagement_id = k.engagement_id AND metric.id = k.metric_id
    LEFT JOIN engagements_membership owner
        ON owner.engagement_id = k.engagement_id AND owner.id = k.owner_id
    LEFT JOIN checkins_checkin post
        ON post.engagement_id = k.engagement_id AND post.key_result_id = k.id
        AND post.period = k.last_period AND post.kind = 'update'
        AND NOT EXISTS (
            SELECT 1 FROM checkins_checkin later
            WHERE later.engagement_id = post.engagement_id AND later.supersedes_id = post.id)
    LEFT JOIN engagements_membership author
        ON author.engagement_id = post.engagement_id AND author.id = post.author_id
    WHERE k.engagement_id = ANY(%(scope)s) AND k.engagement_id = %(engagement)s
        AND k.public_id = %(public_id)s
"""  # noqa: S608 - columns


@dataclass(frozen=True, kw_only=True)
class KeyResultRow:
    """A key result with objective, cycle, team, metric and owners, and its check-in in effect.

    `latest_check_in_id` is the public id of its newest row, be it an undo; "" without any.
    """

    key_result: KeyResult
    current: CheckIn | None
    latest_check_in_id: str


def key_result_row(public_id: str, *, engagement: Engagement) -> KeyResultRow | None:
    """Return the key result with this public id in the engagement; None if there is none.

    One query.
    """
    if "\0" in public_id:  # no text of PostgreSQL has it
        return None
    found = instances(ROW, *MODELS, engagement=engagement.pk, public_id=public_id)
    if not found:
        return None
    key_result, objective, cycle, team, metric, owner, lead, current, author, latest = found[0]
    objective.cycle, objective.team, objective.owner = cycle, team, lead
    key_result.engagement, key_result.objective = engagement, objective
    key_result.metric, key_result.owner = metric, owner
    if current is not None:
        current.author = author
    return KeyResultRow(key_result=key_result, current=current, latest_check_in_id=latest or "")
