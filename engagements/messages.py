"""What this room's mails say, written when a worker is about to send them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from engagements.invitations import link_of
from engagements.models import Invitation, Membership, Notice
from engagements.notice_rules import Item, NoticeRule, Noun
from engagements.plain_text import one_line
from engagements.scoping import scope
from notifications.kinds import Mail


def invitation(payload: dict[str, Any]) -> Mail:
    """Word the link with which someone joins; payload: `engagement`, `invitation` (ids).

    An operator's link names no sender: it is printed, never mailed.
    """
    with scope(payload["engagement"]):
        row = _invitation(payload)
        inviter, client = one_line(str(row.sent_by)), one_line(row.engagement.client_name)
        subject = f"{inviter} invites you to {client}"
        context = {
            "invitation": row,
            "link": link_of(row),
            "inviter": inviter,
            "client": client,
            "subject": subject,
        }
        text = render_to_string("engagements/email/invitation.txt", context).strip()
        html = render_to_string("engagements/email/invitation.html", context)
        return Mail(subject=subject, text=text, html=html)


def invitation_holds(payload: dict[str, Any]) -> bool:
    """Not once it was accepted, replaced, taken back or ran out."""
    with scope(payload["engagement"]):
        row = _invitation(payload)
        return row.is_open(now=timezone.now()) and row.membership.removed_at is None


def account_mail(payload: dict[str, Any]) -> Mail:
    """Write what concerns an account; payload: `subject`, `text`, `until` (ISO)."""
    context = {"subject": payload["subject"], "parts": payload["text"].split("\n\n")}
    html = render_to_string(
        "engagements/email/account.html", {**context, "site": settings.SITE_URL}
    )
    return Mail(subject=payload["subject"], text=payload["text"], html=html)


def sign_in_mail(payload: dict[str, Any]) -> Mail | None:
    """Write a sign-in code or a link to a new password; payload: `template`, `context`, `until`.

    Nothing for an address without an account.
    """
    template, context = payload["template"], payload["context"]
    if not context:
        return None
    subject = one_line(render_to_string(f"{template}_subject.txt", context))
    text = render_to_string(f"{template}_message.txt", context).strip()
    return account_mail({"subject": subject, "text": text})


def account_mail_holds(payload: dict[str, Any]) -> bool:
    """Not once the code or the link in it has run out."""
    return timezone.now() < dt.datetime.fromisoformat(payload["until"])


def undelivered(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Whom mail did not reach, until some does. Three queries."""
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
    label="Mail not delivered",
    reason="lead the program",
    noun=Noun("person", "people", "is", "are"),
    describe=undelivered,
)


def _undelivered(person: Membership, *, notice: Notice) -> Item:
    again = "then send the invitation again" if person.is_placeholder else f"and tell {person.name}"
    return Item(
        heading="Out of reach",
        title=person.name,
        url=reverse("engagements:member-list", args=[notice.engagement.slug]),
        button="Members",
        about=f"person:{person.pk}",
        state="out of reach",
        weight=10,
        text=f"Mail to {person.email} could not be delivered. Check the address, {again}.",
    )


def _invitation(payload: dict[str, Any]) -> Invitation:
    return Invitation.objects.select_related("membership", "sent_by", "engagement").get(
        engagement_id=payload["engagement"], pk=payload["invitation"]
    )
