"""Who is told of an escalation (M7.3, M7.4): notices, once per person, rule and streak.

The same SQL follows a sweep in its statement and a command in its transaction. Told are members
who may read and who sign in. `heard` is the relation of the escalations in question, with
`engagement_id`, `id`, `key_result_id` and `streak`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection

from engagements.models import Membership
from engagements.permissions import READERS
from escalations.models import Escalation
from tenancy.models import NEW_PUBLIC_ID

OF_ACTIVE = "m.id IN (k.owner_id, o.owner_id, t.champion_id) OR m.role = 'lead'"
# Whoever carries the plan out hears what came of it, whether or not they were told before.
OF_DECIDED = (
    f"m.id IS DISTINCT FROM %(by)s::bigint AND ({OF_ACTIVE} OR m.id = written.plan_owner_id)"
)
OF_RAISED = "m.id = o.owner_id OR m.role IN ('lead', 'sponsor')"
# Those who were told of this escalation; what came of it rides the digests that one can stop.
OF_TOLD = """m.id IS DISTINCT FROM %(by)s::bigint AND u.wants_digests
    AND (m.id = written.plan_owner_id OR EXISTS (
        SELECT 1 FROM notifications_notice n
        WHERE n.engagement_id = heard.engagement_id AND n.person_id = m.id
          AND n.rule IN ('escalation_active', 'escalation_raised')
          AND n.subject = heard.id AND n.period = heard.streak AND n.dropped_at IS NULL))"""


HEARD = """
    WITH heard AS (
        SELECT engagement_id, id, key_result_id, streak FROM escalations_escalation
        WHERE engagement_id = %(engagement)s AND id = %(escalation)s
    )
"""


def telling(*, rule: str, to: str, among: str = "true") -> str:
    """SQL that writes a notice by `rule` to each of `to`, of what is `among` the relation `heard`.

    It asks for the parameters `now` and `readers`, and for `by`, the id of who did it, or null,
    where that one need not be told.
    """
    return f"""
        INSERT INTO notifications_notice
            (engagement_id, public_id, rule, person_id, subject, period, created_at, due_at, error)
        SELECT heard.engagement_id, {NEW_PUBLIC_ID}, '{rule}', m.id, heard.id, heard.streak,
            %(now)s, %(now)s, ''
        FROM heard
        JOIN okrs_keyresult k
          ON k.engagement_id = heard.engagement_id AND k.id = heard.key_result_id
        JOIN okrs_objective o ON o.engagement_id = k.engagement_id AND o.id = k.objective_id
        LEFT JOIN okrs_team t ON t.engagement_id = o.engagement_id AND t.id = o.team_id
        LEFT JOIN escalations_escalation written
          ON written.engagement_id = heard.engagement_id AND written.id = heard.id
        JOIN engagements_membership m ON m.engagement_id = heard.engagement_id
        JOIN accounts_user u ON u.id = m.user_id AND u.is_active
        WHERE m.removed_at IS NULL AND m.role = ANY (%(readers)s::text[])
          AND ({to}) AND {among}
        ORDER BY heard.engagement_id, m.id, heard.id, heard.streak
        ON CONFLICT DO NOTHING
    """  # noqa: S608 - made of constants


def tell_activated(escalation: Escalation, *, by: Membership, now: dt.datetime) -> None:
    """Say that it is active: whoever answers for it, champion and leads (M7.3)."""
    _tell(escalation, telling(rule="escalation_active", to=OF_ACTIVE), by=by, now=now)


def tell_answered(escalation: Escalation, *, by: Membership, now: dt.datetime) -> None:
    """Say that a recovery plan is recorded: whoever was told of it, bar who recorded the plan."""
    _tell(escalation, telling(rule="escalation_answered", to=OF_TOLD), by=by, now=now)


def tell_decided(escalation: Escalation, *, by: Membership, now: dt.datetime) -> None:
    """Say what the sponsor decided: whoever answers for it, champion and leads, bar the decider."""
    _tell(escalation, telling(rule="escalation_decided", to=OF_DECIDED), by=by, now=now)


def _tell(escalation: Escalation, statement: str, *, by: Membership, now: dt.datetime) -> None:
    values: dict[str, Any] = {
        "engagement": escalation.engagement_id,
        "escalation": escalation.pk,
        "now": now,
        "readers": READERS,
        "by": by.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(HEARD + statement, values)
