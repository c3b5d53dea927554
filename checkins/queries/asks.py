from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checkins.models import Blocker, CheckIn, HelpRequest
from engagements.models import Membership
from engagements.permissions import Permission, may
from okrs.models import KeyResult


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
    mine = {
        "engagement_id__in": [one.engagement_id for one in members],
        "key_result__in": KeyResult.objects.live().answered_for_by(members),
    }
    asked = HelpRequest.objects.filter(**mine, answered_at=None).select_related("asked_by")
    named = Blocker.objects.filter(**mine, resolved_at=None).select_related("opened_by")
    return Asks(
        help_requests=list(asked.select_related("key_result__engagement").order_by("asked_at")),
        blockers=list(named.select_related("key_result__engagement").order_by("opened_at")),
    )


def asks_of(check_in: CheckIn) -> dict[str, str]:
    """The words of `help_needed` and `blocker` that this check-in raised; empty where it did not.

    Two queries.
    """
    own = {"engagement_id": check_in.engagement_id, "check_in": check_in}
    asked, named = HelpRequest.objects.filter(**own).first(), Blocker.objects.filter(**own).first()
    return {
        "help_needed": asked.text if asked else "",
        "blocker": named.text if named else "",
    }
