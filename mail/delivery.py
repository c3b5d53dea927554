"""Deliver due messages by SMTP: claim with a lease, commit, send, mark.

Delivers at least once, under a stable Message-ID; a worker that dies can cause one extra copy of
its current message. A lease is short, and renewed while its worker lives. The sender role sees
envelopes only; their text is written as the application's role, behind the walls.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core import mail
from django.db import Error, connections, transaction
from django.utils import timezone

from mail import email_types
from mail.mail_server import AwayError, MailServer
from mail.models import OutboxMessage

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Outcome = Literal["sent", "cancelled", "put_off", "failed", "dead"]

RUN_SECONDS = 150  # no message is begun later: the task's own limits come after
LEASE = timedelta(seconds=30)  # messages of a killed worker wait no longer
AWAY = timedelta(minutes=2)  # between looks for a mail server that is away
MAX_ATTEMPTS = 8
MAX_FOLLOWING = 2 * MAX_ATTEMPTS  # with the attempts at the follow-up
MAX_SUBJECT = 120

# MATERIALIZED: run once, or SKIP LOCKED may claim more than the limit.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM mail_outboxmessage
        WHERE sent_at IS NULL AND cancelled_at IS NULL AND dead_at IS NULL
          AND due_at <= %s AND (claimed_until IS NULL OR claimed_until <= %s)
        ORDER BY priority, due_at LIMIT %s FOR UPDATE SKIP LOCKED
    )
    UPDATE mail_outboxmessage AS message SET claim_token = %s, claimed_until = %s
    FROM due WHERE message.id = due.id RETURNING message.*
"""


@dataclass(frozen=True)
class Delivered:
    """Counts of a run; `failed` messages are tried again, `dead` ones are given up.

    Messages `put_off` wait for the end of quiet hours or for the mail server.
    """

    sent: int = 0
    cancelled: int = 0
    put_off: int = 0
    failed: int = 0
    dead: int = 0


class Claim:
    """The claim on a batch, renewed by a thread until it ends; a killed worker renews nothing."""

    def __init__(self, batch: list[OutboxMessage]) -> None:
        self._messages = OutboxMessage.objects.using("sweep").filter(
            pk__in=[message.pk for message in batch], claim_token=batch[0].claim_token
        )
        self._until = time.monotonic() + LEASE.total_seconds()
        self._ended = Event()
        self._thread = Thread(target=self._renew_until_ended, daemon=True)
        self._thread.start()

    @property
    def holds(self) -> bool:
        """False where it ran out, since the database or this process did not answer."""
        return time.monotonic() < self._until

    def end(self) -> None:
        """Stop renewing it, and give back the messages that were not begun."""
        self._ended.set()
        self._thread.join()
        self._messages.update(claim_token=None, claimed_until=None)

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(LEASE.total_seconds() / 3):  # one may fail
            until = time.monotonic() + LEASE.total_seconds()
            try:
                self._messages.update(claimed_until=timezone.now() + LEASE)
            except Error as error:
                logger.warning("A lease could not be renewed: %s", error)
            else:
                self._until = until
            finally:
                connections["sweep"].close()  # this thread's own


def deliver_due(*, now: datetime | None = None, limit: int = 5) -> Delivered:
    """Send all messages due at `now` (default: the present), `limit` messages per connection.

    A sign-in code requested meanwhile waits for at most that many. Stops when nothing is due,
    after RUN_SECONDS, or if the mail server is down. An error in one message never stops others.
    """
    clock: Clock = (lambda: now) if now else timezone.now
    stop_at = time.monotonic() + RUN_SECONDS
    outcomes: Counter[str] = Counter()
    server = MailServer()
    while time.monotonic() < stop_at and not server.is_away:
        if not (batch := claim(now=clock(), limit=limit)):
            break
        server = MailServer()
        outcomes.update(_deliver_batch(batch, server=server, clock=clock, stop_at=stop_at))
    return Delivered(**outcomes)


def claim(*, now: datetime, limit: int) -> list[OutboxMessage]:
    """Claim up to `limit` due messages for a LEASE, by priority, then age.

    The lease runs by the real clock, not by `now`.
    """
    present = timezone.now()
    parameters = [now, present, limit, uuid4(), present + LEASE]
    claimed = OutboxMessage.objects.using("sweep").raw(CLAIM, parameters)
    return sorted(claimed, key=lambda message: (message.priority, message.due_at))


def _deliver_batch(
    batch: list[OutboxMessage], *, server: MailServer, clock: Clock, stop_at: float
) -> Iterator[Outcome]:
    claimed = Claim(batch)
    try:
        for message in batch:
            if time.monotonic() >= stop_at or not claimed.holds:
                break
            yield _deliver(message, server=server, clock=clock)
    finally:
        server.close()
        claimed.end()


def _deliver(message: OutboxMessage, *, server: MailServer, clock: Clock) -> Outcome:
    try:
        kind = email_types.find(message.kind)
    except email_types.UnknownKindError as error:
        return _fail(message, None, error=error, at=clock())
    # Of one that was accepted or given up before, only the follow-up is left.
    is_accepted = message.accepted_at is not None
    if is_accepted or message.attempts >= MAX_ATTEMPTS:
        return _conclude(message, kind, is_sent=is_accepted, at=clock())
    return _attempt(message, kind, server=server, clock=clock)


def _attempt(
    message: OutboxMessage, kind: email_types.Kind, *, server: MailServer, clock: Clock
) -> Outcome:
    try:
        is_out = _send(message, kind, server=server)
    except email_types.NotNow as wait:
        _mark(message, due_at=wait.until)
        return "put_off"
    except AwayError as error:  # not the fault of this message: no attempt is counted
        _mark(message, last_error=_say(error.cause), due_at=clock() + AWAY)
        return "put_off"
    except Exception as error:  # noqa: BLE001 - the other messages must go out
        server.close()
        return _fail(message, kind, error=error, at=clock())
    if is_out:
        return _conclude(message, kind, is_sent=True, at=clock())
    _settle(message, cancelled_at=clock())
    return "cancelled"


def _send(message: OutboxMessage, kind: email_types.Kind, *, server: MailServer) -> bool:
    """Write it and hand it over; False where there is nothing to say."""
    try:
        written = _write(kind, message.payload)
    except email_types.SentBefore:
        return True
    if written is None:
        return False
    server.send(_compose(message, written))
    return True


def _write(kind: email_types.Kind, payload: email_types.Payload) -> email_types.Mail | None:
    """Write the message from current data; return None if its cause is gone."""
    with transaction.atomic():
        return kind.render(payload) if kind.still_holds(payload) else None


def _compose(message: OutboxMessage, written: email_types.Mail) -> mail.EmailMultiAlternatives:
    host = urlsplit(settings.SITE_URL).hostname
    envelope = mail.EmailMultiAlternatives(
        subject=email_types.one_line(written.subject, most=MAX_SUBJECT),
        body=written.text,
        to=[message.recipient],
        headers={
            **written.headers,
            "Message-ID": f"<{message.id}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if written.html:
        envelope.attach_alternative(written.html, "text/html")
    return envelope


def _fail(
    message: OutboxMessage, kind: email_types.Kind | None, *, error: Exception, at: datetime
) -> Outcome:
    """Try the message again, or give it up after MAX_ATTEMPTS, one of an unknown kind at once."""
    message.attempts, message.last_error = message.attempts + 1, _say(error)
    if kind is None or message.attempts >= MAX_ATTEMPTS:
        logger.error("Message %s (%s) is given up: %r", message.id, message.kind, error)
        return _conclude(message, kind, is_sent=False, at=at)
    logger.warning("Message %s failed, attempt %s: %r", message.id, message.attempts, error)
    return _try_again(message, at=at, last_error=message.last_error)


def _try_again(message: OutboxMessage, *, at: datetime, **fields: Any) -> Outcome:
    """Put it off by 1, 4, 16 and 64 minutes, then by 4 hours each time: longer than a night."""
    pause = timedelta(minutes=min(4 ** (message.attempts - 1), 240))
    _mark(message, attempts=message.attempts, due_at=at + pause, **fields)
    return "failed"


def _conclude(
    message: OutboxMessage, kind: email_types.Kind | None, *, is_sent: bool, at: datetime
) -> Outcome:
    """Run the follow-up of a sent or dead message, then mark it as done.

    In this order a worker that dies in between repeats the follow-up and never loses it. A failed
    follow-up is tried again without sending the email twice.
    """
    if is_sent:
        message.accepted_at, message.last_error = message.accepted_at or at, ""
    known = {"accepted_at": message.accepted_at, "last_error": message.last_error}
    try:
        with transaction.atomic():
            if kind and is_sent:
                kind.on_sent(message.payload)
            elif kind:
                kind.on_dead(message.payload, message.last_error)
    except Exception as error:
        logger.exception("The follow-up of message %s failed.", message.id)
        if is_sent:
            known["last_error"] = _say(error)
        if message.attempts < MAX_FOLLOWING:
            message.attempts += 1
            return _try_again(message, at=at, **known)
    ended = {"sent_at": message.accepted_at} if is_sent else {"dead_at": at}
    _settle(message, attempts=message.attempts, **known, **ended)
    return "sent" if is_sent else "dead"


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\0", "")[:1000]


def _settle(message: OutboxMessage, **fields: Any) -> None:
    if email_types.forgets(message.kind):
        fields["payload"] = {}
    _mark(message, **fields)


def _mark(message: OutboxMessage, **fields: Any) -> None:
    """Write the outcome and let go, unless the lease ran out and another worker has it."""
    mine = OutboxMessage.objects.using("sweep").filter(
        pk=message.pk, claim_token=message.claim_token
    )
    if not mine.update(claim_token=None, claimed_until=None, **fields):
        logger.warning("Message %s was claimed by another worker meanwhile.", message.id)
