from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db.models import Q, QuerySet

from checkins.models import Blocker, CheckIn, HelpRequest
from engagements.models import Membership, Role
from engagements.permissions import Permission, may
from okrs.models import KeyResult
from okrs.models.key_results import LIVE
from tenancy.compiled import AnyOf, Compiled

SHOWN = ("engagement_id", "public_id", "text", "key_result__public_id", "key_result__title")


@dataclass(frozen=True, kw_only=True)
class Asks:
    """What was asked or named and is still open (M6.6).

    `own_help_requests` are those that this person asked: somebody else answers them.
    """

    help_requests: Sequence[HelpRequest]
    own_help_requests: Sequence[HelpRequest]
    blockers: Sequence[Blocker]

    @property
    def total(self) -> int:
        """How many of them wait for this person."""
        return len(self.help_requests) + len(self.blockers)


def open_asks(*, memberships: Iterable[Membership]) -> Asks:
    """Open help requests and blockers of live key results that concern this person.

    Those of key results that they own or help with, of objectives that they own, of clients that
    they lead, and what they asked themselves. Oldest first. Two queries.
    """
    members = [one for one in memberships if may(one.role, Permission.READ)]
    own = [one.pk for one in members]
    given = {
        "members": own,
        "engagements": [one.engagement_id for one in members],
        "led": [one.engagement_id for one in members if one.role == Role.LEAD],
    }
    requests, blockers = REQUESTS(**given), BLOCKERS(**given)
    clients = {one.engagement_id: one.engagement for one in members}
    for one in chain[HelpRequest | Blocker](requests, blockers):
        one.key_result.engagement = clients[one.engagement_id]
    return Asks(
        help_requests=[one for one in requests if one.asked_by_id not in own],
        own_help_requests=[one for one in requests if one.asked_by_id in own],
        blockers=blockers,
    )


def _concerns() -> Q:
    return (
        Q(AnyOf("engagement_id", "led"))
        | Q(AnyOf("key_result__objective__owner_id", "members"))
        | Q(key_result__in=KeyResult.objects.live().answered_for_by("members"))
    )


def _requests() -> QuerySet[HelpRequest]:
    asked = HelpRequest.objects.filter(
        _concerns() | Q(AnyOf("asked_by_id", "members")),
        AnyOf("engagement_id", "engagements"),
        key_result__stage__in=LIVE,
        answered_at=None,
    )
    shown = asked.select_related("asked_by", "key_result").order_by("asked_at")
    return shown.only(*SHOWN, "asked_at", "asked_by__name")


def _blockers() -> QuerySet[Blocker]:
    named = Blocker.objects.filter(
        _concerns() | Q(AnyOf("opened_by_id", "members")),
        AnyOf("engagement_id", "engagements"),
        key_result__stage__in=LIVE,
        resolved_at=None,
    )
    shown = named.select_related("key_result").order_by("opened_at")
    return shown.only(*SHOWN, "opened_at")


REQUESTS, BLOCKERS = Compiled(_requests), Compiled(_blockers)


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
