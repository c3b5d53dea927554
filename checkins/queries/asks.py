from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from checkins.models import Blocker, HelpRequest
from engagements.models import Membership
from engagements.permissions import Permission, may
from okrs.models import Collaborator
from okrs.models.key_results import LIVE


@dataclass(frozen=True, kw_only=True)
class Asks:
    """What was asked or named on the cards of one person and is still open (M6.6)."""

    help_requests: Sequence[HelpRequest]
    blockers: Sequence[Blocker]

    @property
    def total(self) -> int:
        return len(self.help_requests) + len(self.blockers)


def open_asks(*, memberships: Iterable[Membership]) -> Asks:
    """Open help requests and blockers of live cards that this person owns or helps with.

    Oldest first. Two queries.
    """
    members = [one for one in memberships if may(one.role, Permission.CHECK_IN)]
    asked = HelpRequest.objects.filter(_on_cards_of(members), answered_at=None)
    named = Blocker.objects.filter(_on_cards_of(members), resolved_at=None)
    return Asks(
        help_requests=list(_with_card(asked).select_related("asked_by").order_by("asked_at")),
        blockers=list(_with_card(named).select_related("opened_by").order_by("opened_at")),
    )


def _on_cards_of(members: Sequence[Membership]) -> Q:
    helps = Collaborator.objects.filter(
        engagement_id=OuterRef("engagement_id"),
        key_result_id=OuterRef("key_result_id"),
        member__in=members,
    )
    return Q(
        Q(key_result__owner__in=members) | Q(Exists(helps)),
        engagement_id__in=[one.engagement_id for one in members],
        key_result__stage__in=LIVE,
    )


def _with_card(rows: QuerySet[HelpRequest] | QuerySet[Blocker]) -> QuerySet:  # type: ignore[type-arg]
    return rows.select_related("key_result__engagement")
