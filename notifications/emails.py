"""The emails that carry notices, and the link that turns them off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import User, zone_of
from engagements import messages
from engagements.models import Invitation, Membership
from engagements.places import zone_time
from mail.email_types import Mail, NotNow, register
from notifications import commands
from notifications.commands import Payload
from notifications.digest import Digest, headline, read_digest, subject, why
from notifications.hours import clock_of
from notifications.models import Notice
from notifications.rules import DigestItem, NoticeRule, Noun, register_rule
from tenancy.tokens import absolute_url


def register_email_types() -> None:
    register(
        "invitation",
        render=messages.invitation,
        still_holds=messages.invitation_holds,
        on_dead=commands.invitation_undelivered,
    )
    for name in ("daily", "urgent"):
        register(
            name,
            render=partial(render_notices, is_daily=name == "daily"),
            on_sent=commands.mark_sent,
            on_dead=commands.mark_dead,
            on_revived=commands.mark_revived,
        )
    register_rule(commands.UNDELIVERED, UNDELIVERED_RULE)


def render_notices(payload: Payload, *, is_daily: bool) -> Mail | None:
    """Return the email of the day or an urgent one (M6.4), None if nothing in it still applies.

    Raises NotNow in quiet hours, and the email of the day at weekends: a retry may be late.
    """
    now, clock = timezone.now(), clock_of(User.objects.get(pk=payload["user"]))
    if until := clock.waits_until(now, is_daily=is_daily):
        raise NotNow(until)
    digest = read_digest(payload, now=now, with_asides=is_daily)
    return write(digest, is_daily=is_daily) if digest else None


def write(digest: Digest, *, is_daily: bool) -> Mail:
    """Return the email of a digest, on its reader's clock."""
    reader, entries = digest.reader, digest.entries
    stop = stop_link(reader.pk) if is_daily else ""
    with timezone.override(zone_of(reader.time_zone)):
        context = {
            "digest": digest,
            "zone": zone_time(reader.time_zone),
            "subject": subject(digest, is_daily=is_daily),
            "headline": headline(entries),
            "greeting": f"{reader.first_name}, {headline(entries)}",
            # Email programs show it after the subject.
            "preheader": " ".join(
                f"{section.client}: {section.entries[0].item.heading}."
                for section in digest.sections
            ),
            "why": why(entries),
            "is_daily": is_daily,
            "profile": absolute_url("notifications:profile"),
            "stop": stop,
            "site": settings.SITE_URL,
        }
        return Mail(
            subject=context["subject"],
            text=render_to_string("notifications/email/digest.txt", context).strip(),
            html=render_to_string("notifications/email/digest.html", context),
            # The unsubscribe button of email programs (RFC 8058)
            headers={
                "List-Unsubscribe": f"<{stop}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            }
            if stop
            else {},
        )


def token_of(user_id: int) -> str:
    return _signer().sign(str(user_id))


def user_of(token: str) -> User | None:
    """Return the user of the token; None if it is invalid or the account is closed."""
    try:
        user_id = int(_signer().unsign(token))
    except (BadSignature, ValueError):
        return None
    return User.objects.filter(pk=user_id, is_active=True).first()


def stop_link(user_id: int) -> str:
    """Return the absolute URL for emails."""
    return absolute_url("notifications:notices-stop", token_of(user_id))


def masked(email: str) -> str:
    """Enough of an address for its owner to know it, and no more: “d…@northwind.test”."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"


def _signer() -> Signer:
    # A point ends no word of an address where mail programs look for links.
    return Signer(salt="engagements.stop_link", sep=".")


def undelivered(notices: Sequence[Notice], now: dt.datetime) -> dict[int, DigestItem]:
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


def _undelivered(person: Membership, *, notice: Notice) -> DigestItem:
    how = ", then send the invitation again" if person.is_placeholder else f" with {person.name}"
    return DigestItem(
        heading="Email not delivered",
        title=person.name,
        url=reverse("engagements:member-list", args=[notice.engagement.slug]),
        button="Open members",
        about=f"person:{person.pk}",
        state="not reached by email",
        news="can’t be reached by email",
        weight=10,
        text=f"We couldn’t deliver email to {person.email}. Check the address{how}.",
    )
