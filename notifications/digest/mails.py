"""The email of an envelope, in text and HTML, and the marks on its notices once it is sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User, zone_of
from mail.email_types import Mail, NotNow
from notifications import commands
from notifications.digest.reading import Envelope, open_envelope
from notifications.digest.wording import headline, subject, why
from notifications.digests import clock_of
from notifications.unsubscribe import stop_link
from tenancy.scoping import scope
from tenancy.tokens import absolute_url

Payload = dict[str, Any]


def daily(payload: Payload) -> Mail | None:
    """Return the email of the day (M6.4); payload: `envelope`, `user`, `engagements` (ids).

    None if nothing in it still applies. Raises NotNow in quiet hours and at weekends.
    """
    _keep_hours(payload, is_daily=True)
    envelope = open_envelope(payload, now=timezone.now(), with_asides=True)
    return write(envelope, is_daily=True) if envelope else None


def urgent(payload: Payload) -> Mail | None:
    """Return an urgent email, like `daily`, but at weekends too."""
    _keep_hours(payload, is_daily=False)
    envelope = open_envelope(payload, now=timezone.now(), with_asides=False)
    return write(envelope, is_daily=False) if envelope else None


def write(envelope: Envelope, *, is_daily: bool) -> Mail:
    """Return the email of an envelope, on its reader's clock."""
    reader, lines = envelope.reader, envelope.lines
    stop = stop_link(reader.pk) if is_daily else ""
    with timezone.override(zone_of(reader.time_zone)):
        context = {
            "envelope": envelope,
            "subject": subject(envelope, is_daily=is_daily),
            "headline": headline(lines),
            "greeting": f"{reader.first_name}: {headline(lines)}",
            "preheader": _preheader(envelope),
            "why": why(lines),
            "is_daily": is_daily,
            "profile": absolute_url("notifications:profile"),
            "stop": stop,
            "site": settings.SITE_URL,
        }
        return Mail(
            subject=context["subject"],
            text=render_to_string("notifications/email/envelope.txt", context).strip(),
            html=render_to_string("notifications/email/envelope.html", context),
            headers=_unsubscribe_headers(stop) if stop else {},
        )


def mark_sent(payload: Payload) -> None:
    now = timezone.now()
    for engagement_id in payload["engagements"]:
        with scope(engagement_id):
            commands.mark_told(envelope=_id(payload), engagement_id=engagement_id, now=now)


def mark_dead(payload: Payload, error: str) -> None:
    now = timezone.now()
    for engagement_id in payload["engagements"]:
        with scope(engagement_id):
            commands.mark_failed(
                envelope=_id(payload), engagement_id=engagement_id, error=error, now=now
            )


def mark_revived(payload: Payload) -> None:
    for engagement_id in payload["engagements"]:
        with scope(engagement_id):
            commands.mark_waiting(envelope=_id(payload), engagement_id=engagement_id)


def _keep_hours(payload: Payload, *, is_daily: bool) -> None:
    """Raise NotNow in quiet hours and, for the email of the day, at weekends: a retry may be late."""
    until = clock_of(User.objects.get(pk=payload["user"])).waits_until(
        timezone.now(), is_daily=is_daily
    )
    if until is not None:
        raise NotNow(until)


def _id(payload: Payload) -> UUID:
    return UUID(payload["envelope"])


def _preheader(envelope: Envelope) -> str:
    """Return the preview that email programs show after the subject: each client's first heading."""
    firsts = (f"{one.client}: {one.lines[0].item.heading}." for one in envelope.sections)
    return " ".join(firsts)


def _unsubscribe_headers(link: str) -> dict[str, str]:
    """Return the headers for the unsubscribe button of email programs (RFC 8058)."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
