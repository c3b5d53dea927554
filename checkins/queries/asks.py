from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checkins.models import Blocker, CheckIn, HelpRequest
from engagements.models import Engagement, Membership, Role
from engagements.permissions import Permission, may
from okrs.models.key_results import LIVE
from tenancy.models import rows


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAsk:
    """An open help request or blocker with its key result; `by` is the name of `by_id`."""

    kind: str
    public_id: str
    text: str
    since: dt.datetime
    by_id: int
    by: str
    key_result: str  # its public id
    title: str
    client: str
    slug: str


# Concern this person: key results that they own or help with, objectives that they own, clients
# that they lead, and asks of their own.
OPEN_ASKS = """
    SELECT ask.kind, ask.public_id, ask.text, ask.since, ask.by_id, author.name AS by,
        k.public_id AS key_result, k.title, e.client_name AS client, e.slug
    FROM (
        SELECT 'help_request' AS kind, engagement_id, public_id, text, key_result_id,
            asked_at AS since, asked_by_id AS by_id
        FROM checkins_helprequest
        WHERE answered_at IS NULL AND engagement_id = ANY(%(engagements)s)
        UNION ALL
        SELECT 'blocker', engagement_id, public_id, text, key_result_id, opened_at, opened_by_id
        FROM checkins_blocker
        WHERE resolved_at IS NULL AND engagement_id = ANY(%(engagements)s)
    ) AS ask
    JOIN engagements_engagement e ON e.id = ask.engagement_id
    JOIN engagements_membership author
        ON author.engagement_id = ask.engagement_id AND author.id = ask.by_id
    JOIN okrs_keyresult k ON k.engagement_id = ask.engagement_id AND k.id = ask.key_result_id
    JOIN okrs_objective o ON o.engagement_id = k.engagement_id AND o.id = k.objective_id
    WHERE ask.engagement_id = ANY(%(scope)s) AND k.stage = ANY(%(live)s) AND (
        ask.engagement_id = ANY(%(led)s) OR ask.by_id = ANY(%(members)s)
        OR k.owner_id = ANY(%(members)s) OR o.owner_id = ANY(%(members)s)
        OR EXISTS (
            SELECT 1 FROM okrs_collaborator helper
            WHERE helper.engagement_id = k.engagement_id AND helper.key_result_id = k.id
              AND helper.member_id = ANY(%(members)s)))
    ORDER BY ask.since, ask.public_id
"""


@dataclass(frozen=True, kw_only=True)
class Asks:
    """Open help requests and blockers (M6.6).

    `own_help_requests` are those that this person raised: someone else answers them.
    """

    help_requests: Sequence[OpenAsk]
    own_help_requests: Sequence[OpenAsk]
    blockers: Sequence[OpenAsk]

    @property
    def total(self) -> int:
        """Count those that wait for this person."""
        return len(self.help_requests) + len(self.blockers)


def open_asks(*, memberships: Iterable[Membership]) -> Asks:
    """Return open asks of live key results that concern this person, oldest first. One query."""
    members = [one for one in memberships if may(one.role, Permission.READ)]
    own = [one.pk for one in members]
    asks = rows(
        OPEN_ASKS,
        OpenAsk,
        engagements=[one.engagement_id for one in members],
        members=own,
        led=[one.engagement_id for one in members if one.role == Role.LEAD],
        live=list(LIVE),
    )
    requests = [one for one in asks if one.kind == "help_request"]
    return Asks(
        help_requests=[one for one in requests if one.by_id not in own],
        own_help_requests=[one for one in requests if one.by_id in own],
        blockers=[one for one in asks if one.kind == "blocker"],
    )


def asks_in(engagement: Engagement) -> list[OpenAsk]:
    """Return all open asks of a client's live key results, oldest first. One query."""
    here = [engagement.pk]
    return rows(OPEN_ASKS, OpenAsk, engagements=here, members=[], led=here, live=list(LIVE))


def asks_of(check_in: CheckIn) -> dict[str, str]:
    """Return `help_needed` and `blocker` as this check-in raised them, or "". Two queries."""
    own = {"engagement_id": check_in.engagement_id, "check_in": check_in}
    asked, named = HelpRequest.objects.filter(**own).first(), Blocker.objects.filter(**own).first()
    return {"help_needed": asked.text if asked else "", "blocker": named.text if named else ""}
