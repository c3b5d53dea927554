from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from engagements.commands import (
    count_share_link_views,
    remove_member,
    revoke_share_link,
)
from engagements.links import find_share_link, share_link_token
from engagements.models import Engagement, Membership, ShareLink
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, at, code
from tests.engagements.sharing import share


@pytest.fixture
def engagement(db: None) -> Engagement:
    return build.engagement()


@pytest.fixture
def alice(engagement: Engagement) -> Membership:
    return build.member(engagement, "Alice")


def stored(link: ShareLink) -> ShareLink:
    with scope(link.engagement_id):
        return ShareLink.objects.select_related("revoked_by").get(pk=link.pk)


def test_it_works_for_ninety_days_to_the_end_of_the_clients_day(alice: Membership) -> None:
    link = share(alice, now=TUESDAY)

    assert link.expires_at == at("2026-06-09T00:00")
    assert (link.label, link.created_by, link.created_at) == ("Board", alice, TUESDAY)


def test_a_day_can_be_chosen_from_today_up_to_two_years_ahead(alice: Membership) -> None:
    today = share(alice, now=TUESDAY, expires_on=dt.date(2026, 3, 10))
    farthest = share(alice, now=TUESDAY, expires_on=dt.date(2028, 3, 10))

    assert today.expires_at == at("2026-03-11T00:00")
    assert farthest.expires_at == at("2028-03-11T00:00")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"expires_on": dt.date(2026, 3, 9)}, "expiry_past"),
        ({"expires_on": dt.date(2028, 3, 12)}, "expiry_far"),
        ({"label": "  "}, "label_missing"),
    ],
)
def test_it_refuses(alice: Membership, fields: dict[str, object], refusal: str) -> None:
    with pytest.raises(ValidationError) as refused:
        share(alice, now=TUESDAY, **fields)

    assert code(refused.value) == refusal


def test_revoking_ends_it_with_the_next_look(alice: Membership) -> None:
    link = share(alice)

    with scope(alice.engagement_id):
        revoke_share_link(share_link=link, by=alice, now=TUESDAY)

    assert find_share_link(share_link_token(link)) is None
    assert not stored(link).is_open(now=TUESDAY)


def test_revoking_again_changes_nothing(alice: Membership) -> None:
    link = share(alice)
    bob = build.member(alice.engagement, "Bob")

    with scope(alice.engagement_id):
        revoke_share_link(share_link=link, by=alice, now=TUESDAY)
        revoke_share_link(share_link=link, by=bob, now=TUESDAY + dt.timedelta(days=1))

    assert (stored(link).revoked_at, stored(link).revoked_by) == (TUESDAY, alice)


def test_links_outlive_the_membership_of_whoever_made_them(alice: Membership) -> None:
    link = share(alice)
    bob = build.member(alice.engagement, "Bob")

    with scope(alice.engagement_id):
        remove_member(membership=alice, by=bob)

    assert find_share_link(share_link_token(link)) == link


def test_views_add_up_and_the_last_one_is_the_latest(alice: Membership) -> None:
    link = share(alice)
    known = {"engagement_id": link.engagement_id, "share_link_id": link.pk}

    with scope(alice.engagement_id):
        count_share_link_views(**known, views=2, last_viewed_at=TUESDAY)
        count_share_link_views(**known, views=3, last_viewed_at=at("2026-03-01T12:00"))

    assert (stored(link).views, stored(link).last_viewed_at) == (5, TUESDAY)


def test_a_link_can_only_be_counted_and_made_in_its_own_engagement(alice: Membership) -> None:
    link = share(alice)
    other = build.engagement("Harbor Retail")

    with scope(other.id):
        count_share_link_views(
            engagement_id=other.id, share_link_id=link.pk, views=9, last_viewed_at=TUESDAY
        )

    assert stored(link).views == 0


def test_its_history_says_who_made_and_ended_it_but_holds_no_hash(alice: Membership) -> None:
    link = share(alice)

    with scope(alice.engagement_id):
        revoke_share_link(share_link=link, by=alice, now=TUESDAY)
        count_share_link_views(
            engagement_id=link.engagement_id, share_link_id=link.pk, views=1, last_viewed_at=TUESDAY
        )
        events = list(link.events.order_by("pgh_id").values())  # type: ignore[attr-defined]

    assert [event["pgh_label"] for event in events] == ["insert", "update"]
    assert "token_hash" not in events[0]
