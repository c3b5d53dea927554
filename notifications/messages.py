from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.urls import reverse

from engagements.models import Invitation, Membership
from notifications.models import Notice
from notifications.rules import Item, NoticeRule, Noun


def undelivered(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe people whom email did not reach, until some does. Three queries."""
    here = {"engagement_id": notices[0].engagement_id}
    people = Membership.objects.active().filter(**here).in_bulk({one.subject for one in notices})
    since = min(one.created_at for one in notices)
    told = Notice.objects.filter(**here, person__in=people, sent_at__gt=since)
    joined = Invitation.objects.filter(**here, membership__in=people, accepted_at__gt=since)
    reached: list[tuple[int, dt.datetime | None]] = [
        *told.values_list("person", "sent_at"),
        *joined.values_list("membership", "accepted_at"),
    ]
    return {
        one.pk: _undelivered(people[one.subject], notice=one)
        for one in notices
        if one.subject in people
        and not any(who == one.subject and at and at > one.created_at for who, at in reached)
    }


UNDELIVERED_RULE = NoticeRule(
    label="Email not delivered",
    reason="lead the program",
    noun=Noun("person", "people", "get no email"),
    describe=undelivered,
)


def _undelivered(person: Membership, *, notice: Notice) -> Item:
    how = "then send the invitation again" if person.is_placeholder else f"and ask {person.name}"
    return Item(
        heading="Email not delivered",
        title=person.name,
        url=reverse("engagements:member-list", args=[notice.engagement.slug]),
        button="Open members",
        about=f"person:{person.pk}",
        state="not reached by email",
        news="can’t be reached by email",
        weight=10,
        text=f"Email to {person.email} could not be delivered. Check the address, {how}.",
    )
