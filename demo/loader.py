"""The replay of the demo: all events of all clients in time order, with the jobs between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count, takewhile
from operator import itemgetter
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.db.models import F

from accounts.models import User
from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from demo.events import Client
from demo.story import DAY, PASSWORD, PEOPLE, WEEK, Story, address, read_stories
from engagements.commands.engagements import create_engagement
from engagements.commands.invitations import accept_as_user, issue_invitation
from engagements.commands.members import add_placeholder
from engagements.links import invitation_token
from engagements.models import Engagement
from escalations.jobs import update_escalations
from notifications.hours import clock_of
from notifications.models import Notice
from notifications.rules import urgent_rules
from status.commands import store_snapshot
from tenancy.scoping import identity, scope, unscoped

REMINDER_JOBS = (send_reminders, send_overdue, escalate_missed, friday_digests)
REMINDER_WEEKS = 3  # for which the notification log has reminders
AFTER_MESSAGES = dt.time(10, 30)  # of the day
HALF_AN_HOUR = dt.timedelta(minutes=30)
INSTANT = dt.timedelta(microseconds=1)
MONDAY, FRIDAY = 0, 4


def has_engagements() -> bool:
    # The owner's connection: the application's role sees none before any scope is known.
    with unscoped():
        return Engagement.objects.using("owner").exists()


@transaction.atomic
def load_demo(*, now: dt.datetime) -> list[Client]:
    """Replay all that happened to the clients until `now`, or nothing at all.

    Scores, bands, stages and history are the product's own. Nothing is emailed.
    """
    users = {person: get_user(person) for person in PEOPLE}
    clients = [open_client(story, users=users, now=now) for story in read_stories()]
    moments = [moment for client in clients for moment in past_of(client, now=now)]
    for at, step in sorted(moments, key=itemgetter(0)):
        step(at=at)
    for client in clients:
        run_jobs(client, (update_escalations,), at=now)
        run_jobs(client, REMINDER_JOBS, at=now)
        mark_sent(client, now=now)
        for event in client.story.events:
            if event["at"] == "now":
                client.happen(event, at=now)
        with client.acting():
            store_snapshot(engagement_id=client.engagement.pk, now=now)
    return clients


def past_of(
    client: Client, *, now: dt.datetime
) -> Iterator[tuple[dt.datetime, Callable[..., Any]]]:
    """Return the client's past: the ends of its days, its reminders and its events."""
    story = client.story
    commit = next(event for event in story.events if event["event"] == "commit")
    committed_at = story.instant_of(commit, now=now)
    first = committed_at.astimezone(story.zone).date()
    ends = (story.instant(first + number * DAY) for number in count(1))
    for at in takewhile(lambda end: end <= now, ends):
        yield at, partial(end_day, client)
    for ago in range(REMINDER_WEEKS):
        monday = story.monday(now) - ago * WEEK
        due_on = monday + story.settings["due_weekday"] * DAY
        due = story.instant(due_on, story.settings["due_time"])
        friday = story.instant(monday + FRIDAY * DAY - WEEK, AFTER_MESSAGES)
        for at in (friday, due + HALF_AN_HOUR):
            if committed_at < at <= now:
                yield at, partial(run_jobs, client, REMINDER_JOBS)
    for event in story.events:
        if event["at"] != "now" and (at := story.instant_of(event, now=now)) <= now:
            yield at, partial(client.happen, event)


def end_day(client: Client, *, at: dt.datetime) -> None:
    """Run what is due at a client's midnight: its page, the week's close, checkpoints (M7)."""
    with client.acting():
        store_snapshot(engagement_id=client.engagement.pk, now=at - INSTANT)
    today = at.astimezone(client.story.zone).date()
    if today.weekday() == MONDAY or today - DAY in client.checkpoints:
        run_jobs(client, (update_escalations,), at=at)


def run_jobs(client: Client, jobs: tuple[Callable[..., int], ...], *, at: dt.datetime) -> None:
    with client.acting():
        for job in jobs:
            job(now=at, using="default")


def get_user(person: str) -> User:
    """Return this person's account; one that is there already stays as it is."""
    user = User.objects.filter(email=address(person)).first()
    return user or User.objects.create_user(
        email=address(person), name=PEOPLE[person], password=PASSWORD
    )


def open_client(story: Story, *, users: Mapping[str, User], now: dt.datetime) -> Client:
    """Create the engagement; its people join as if they had accepted an emailed invitation."""
    with identity(user_id=users["lead"].pk):
        lead = create_engagement(
            by_user=users["lead"], slug=story.slug, client_name=story.client_name, **story.settings
        )
        client = Client(story=story, cycle=story.span(now), members={"lead": lead})
        with scope(lead.engagement_id):
            for person, role in story.people.items():
                email, name = address(person), PEOPLE[person]
                member = add_placeholder(
                    engagement=lead.engagement, email=email, name=name, role=role, by=lead
                )
                token = invitation_token(issue_invitation(membership=member, by=lead, now=now))
                accept_as_user(token=token, user=users[person], now=now)
                member.refresh_from_db()
                client.members[person] = member
    return client


def mark_sent(client: Client, *, now: dt.datetime) -> None:
    """Mark notices as sent at the hour of their message (M6.4): nothing is emailed for the past.

    Those of a message that is still to come wait for it. Jobs are replayed after the hour at
    which they would have run, so a later notice dates from when it was due.
    """
    with client.acting():
        own = Notice.objects.filter(engagement=client.engagement)
        own.filter(created_at__gt=F("due_at")).update(created_at=F("due_at"))
        sent = []
        for notice in own.pending().select_related("person__user"):
            user, due_at = notice.person.user, notice.due_at
            if is_urgent := notice.rule in urgent_rules():
                at = clock_of(user).waits_until(due_at, is_daily=False) or due_at
            else:
                at = clock_of(user).next_message(due_at - dt.timedelta.resolution)
            if at <= now:
                kind = "urgent" if is_urgent else "daily"
                notice.envelope = uuid5(NAMESPACE_URL, f"{kind}:{user.pk}:{at.isoformat()}")
                notice.sent_at = at
                sent.append(notice)
        Notice.objects.bulk_update(sent, ["envelope", "sent_at"])
