"""Every page of the demo, as somebody with a year of work in it sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from decisions.models import Decision
from demo.story import address
from engagements.models import Engagement, Membership
from metrics.models import Metric
from notifications.emails import token_of
from okrs.models import Cycle, KeyResult, Objective, Team
from reviews.models import Review
from tenancy.scoping import scope, unscoped
from tests.browser.conftest import SCREENS, Opens

SIGNED_OUT = (
    "account_login",
    "account_request_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_inactive",
)
ROOM = ("workspace:my-week", "notifications:profile", "engagements:engagement-create")
LISTS = (
    "workspace:home",
    "workspace:reminder-list",
    "engagements:settings",
    "engagements:member-list",
    "engagements:member-invite-many",
    "engagements:share-link-list",
    "okrs:board",
    "okrs:cycle-list",
    "okrs:cycle-create",
    "okrs:sheet-import",
    "okrs:team-list",
    "okrs:team-create",
    "metrics:metric-list",
    "metrics:metric-create",
    "reviews:review-list",
    "reviews:review-create",
    "decisions:decision-list",
    "decisions:action-list",
    "status:status",
    "status:report-list",
    "status:report-create",
)
OF_ONE = {
    "engagements:member-remove": Membership,
    "okrs:cycle-detail": Cycle,
    "okrs:cycle-update": Cycle,
    "okrs:objective-create": Cycle,
    "okrs:team-update": Team,
    "okrs:objective-detail": Objective,
    "okrs:objective-update": Objective,
    "okrs:key-result-create": Objective,
    "metrics:metric-detail": Metric,
    "metrics:metric-update": Metric,
    "workspace:key-result-detail": KeyResult,
    "okrs:key-result-update": KeyResult,
    "reviews:review-detail": Review,
    "reviews:decision-supersede": Decision,
    "decisions:objective-decisions": Objective,
    "decisions:key-result-decisions": KeyResult,
}


def somebody(person: str) -> User:
    return User.objects.get(email=address(person))


def client_of(person: User) -> Engagement:
    """One with a draft in it if there is any."""
    with unscoped():
        joined = Membership.objects.using("owner").filter(user=person)
        mine = Engagement.objects.using("owner").filter(pk__in=joined.values("engagement_id"))
        drafted = Objective.objects.using("owner").filter(committed_at=None)
        with_draft = mine.filter(pk__in=drafted.values("engagement_id"))
        return with_draft.first() or mine[0]


def pages(engagement: Engagement) -> Iterator[str]:
    """Its lists and forms, and of what has one page each the first and the last."""
    yield from (reverse(name, args=[engagement.slug]) for name in LISTS)
    yield reverse("okrs:board", args=[engagement.slug]) + "?cycle="
    yield reverse("status:report-detail", args=[engagement.slug, 1])
    yield reverse("decisions:decision-list", args=[engagement.slug]) + "?q=of+nothing"
    with scope(engagement.id):
        for name, model in OF_ONE.items():
            rows: Any = model._default_manager.order_by("pk")
            for row in {rows.first(), rows.last()} - {None}:
                yield reverse(name, args=[engagement.slug, row.public_id])
        if closed := Review.objects.closed().first():
            yield reverse("status:summary-update", args=[engagement.slug, closed.public_id])


def test_every_page_of_the_lead_is_accessible(opens: Opens) -> None:
    lead, visitor = somebody("lead"), opens()
    visitor.signs_in_as(lead)

    for path in [*map(reverse, ROOM), *pages(client_of(lead))]:
        visitor.visit(path)
        visitor.inspect(path)


@pytest.mark.parametrize("screen", [SCREENS[0], SCREENS[-1]], ids=str)
def test_every_page_of_somebody_who_only_reads_is_accessible(opens: Opens) -> None:
    sponsor, visitor = somebody("sponsor"), opens()
    visitor.signs_in_as(sponsor)
    visitor.expected = {403}  # the forms that a sponsor has no use for

    for path in [*map(reverse, ROOM), *pages(client_of(sponsor))]:
        visitor.visit(path)
        visitor.inspect(path)


def test_every_page_before_the_sign_in_is_accessible(opens: Opens) -> None:
    visitor = opens()
    visitor.expected = {404}  # an invitation that is used up

    stops = reverse("notifications:notices-stop", args=[token_of(somebody("lead").pk)])
    for path in [*map(reverse, SIGNED_OUT), "/invitations/of-yesterday/", stops]:
        visitor.visit(path)
        visitor.inspect(path)


def test_a_page_that_is_not_there_says_so(opens: Opens) -> None:
    visitor = opens()
    visitor.signs_in_as(somebody("lead"))
    visitor.expected = {404}

    visitor.visit("/e/of-nobody/board/", says="This page doesn’t exist")
    visitor.inspect("not found")
