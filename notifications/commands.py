from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from engagements.models import Engagement, Invitation, Membership, Role
from notifications.models import Notice, NoticeQuerySet
from tenancy.scoping import scope

logger = logging.getLogger(__name__)

Payload = dict[str, Any]  # of an email with notices: `envelope`, `user`, `engagements` (ids)

UNDELIVERED = "undelivered"
SEND_NOTICES = "notifications.tasks.send_notices"  # called by name, since tasks import commands


def wake_worker_after_commit() -> None:
    """Send this transaction's notices once it commits; calls the task once.

    Code that writes notices calls this. If a call is lost, beat runs the task within a minute.
    """
    if not any(callback is wake_worker for _, callback, *_ in connection.run_on_commit):
        transaction.on_commit(wake_worker, robust=True)


def wake_worker() -> None:
    """Wake a worker; a broker that is down costs at most a minute."""
    try:
        current_app.send_task(SEND_NOTICES)
    except OperationalError as error:
        logger.warning("The broker is down, notices wait for the next run: %s", error)


def drop_notices(notices: Sequence[Notice], *, now: dt.datetime) -> None:
    """Drop notices of one engagement whose cause or whose reader's access is gone."""
    if notices:
        mine = Notice.objects.filter(engagement_id=notices[0].engagement_id, sent_at=None)
        mine.filter(pk__in=[one.pk for one in notices]).update(dropped_at=now)


def put_back(payload: Payload, engagement_id: int) -> None:
    """Move notices of this engagement that could not be worded to a later envelope."""
    with scope(engagement_id):
        mine = _envelope(payload, engagement_id).filter(dropped_at=None, sent_at=None)
        mine.update(envelope=None)


def mark_sent(payload: Payload) -> None:
    """Mark the notices of a sent envelope, except dropped ones. Safe to repeat."""
    now = timezone.now()
    for engagement_id in payload["engagements"]:
        with scope(engagement_id):
            _envelope(payload, engagement_id).sendable().update(sent_at=now)


def mark_dead(payload: Payload, error: str) -> None:
    """Mark the notices of a dead envelope as failed and notify the leads. Safe to repeat."""
    now = timezone.now()
    for engagement_id in payload["engagements"]:
        with scope(engagement_id):
            failed = _envelope(payload, engagement_id).sendable()
            people = {one.person_id: one.person for one in failed.select_related("person")}
            failed.update(failed_at=now, error=error)
            for person in people.values():
                notify_leads_undelivered(person, now=now)


def mark_revived(payload: Payload) -> None:
    """Mark the notices of a dead envelope as waiting again. Safe to repeat."""
    for engagement_id in payload["engagements"]:
        with scope(engagement_id):
            mine = _envelope(payload, engagement_id).filter(sent_at=None)
            mine.exclude(failed_at=None).update(failed_at=None, error="")


def _envelope(payload: Payload, engagement_id: int) -> NoticeQuerySet:
    found: NoticeQuerySet = Notice.objects.filter(
        engagement_id=engagement_id, envelope=payload["envelope"]
    )
    return found


def invitation_undelivered(payload: dict[str, int], error: str) -> None:
    """Notify the leads that an invitation was not delivered, if it is still open."""
    now = timezone.now()
    with scope(payload["engagement"]):
        row = Invitation.objects.select_related("membership").get(
            engagement_id=payload["engagement"], pk=payload["invitation"]
        )
        if row.is_open(now=now) and row.membership.removed_at is None:
            notify_leads_undelivered(row.membership, now=now)


def notify_leads_undelivered(person: Membership, *, now: dt.datetime) -> None:
    """Tell the leads that mail to this person could not be delivered: once a week, all but them."""
    engagement = Engagement.objects.get(pk=person.engagement_id)
    leads = Membership.objects.active().filter(
        engagement=engagement, role=Role.LEAD, user__is_active=True
    )
    today = engagement.today(now)
    add_notices(
        leads.exclude(pk=person.pk),
        rule=UNDELIVERED,
        subject=person.pk,
        period=today - dt.timedelta(days=today.weekday()),
        now=now,
    )


def add_notices(
    people: Iterable[Membership], *, rule: str, subject: int, period: dt.date, now: dt.datetime
) -> None:
    """Add a notice for each of these people, once per rule, subject and period."""
    rows = [
        Notice(
            engagement_id=person.engagement_id,
            person=person,
            rule=rule,
            subject=subject,
            period=period,
            created_at=now,
            due_at=now,
        )
        for person in people
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


def switch_notices(*, user: User, wanted: bool) -> None:
    """Turn reminders and digests on or off, both; escalations always come (M6.4)."""
    user.wants_reminders = user.wants_digests = wanted
    user.save(update_fields=["wants_reminders", "wants_digests"])
