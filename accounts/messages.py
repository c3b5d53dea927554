"""Emails with a code or a link for an account; a worker writes them when it sends them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from mail import outbox
from mail.email_types import Mail, one_line
from mail.models import Priority


def enqueue_account_mail(
    kind: str, recipient: str, *, valid_for: dt.timedelta, user: User | None, **payload: Any
) -> None:
    """Store an email of this kind, before all others in line, until its code or link expires."""
    outbox.enqueue(
        kind=kind,
        recipient=recipient,
        payload={**payload, "until": (timezone.now() + valid_for).isoformat()},
        dedupe_key=f"{kind}:{uuid4()}",
        user_id=user.pk if user else None,
        priority=Priority.AWAITED,
    )


def account_mail(payload: dict[str, Any]) -> Mail:
    """Return an email about an account; payload: `subject`, `text`, `until` (ISO)."""
    context = {"subject": payload["subject"], "parts": payload["text"].split("\n\n")}
    html = render_to_string("accounts/email/account.html", {**context, "site": settings.SITE_URL})
    return Mail(subject=payload["subject"], text=payload["text"], html=html)


def sign_in_mail(payload: dict[str, Any]) -> Mail | None:
    """Return an email with a sign-in code or a link to a new password, if there is an account.

    Payload: `template`, `context`, `until`.
    """
    template, context = payload["template"], payload["context"]
    if not context:
        return None
    subject = one_line(render_to_string(f"{template}_message.txt#subject", context))
    text = render_to_string(f"{template}_message.txt", context).strip()
    return account_mail({"subject": subject, "text": text})


def account_mail_holds(payload: dict[str, Any]) -> bool:
    """Return whether the code or link in the email is still valid."""
    return timezone.now() < dt.datetime.fromisoformat(payload["until"])
