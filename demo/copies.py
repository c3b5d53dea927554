"""Copies of seeded clients, made in SQL by the models' tables and keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connections

from checkins.models import CheckIn
from decisions.models import Decision, DecisionHead, Release
from engagements.models import Engagement, Membership
from escalations.models import Escalation
from notifications.models import Notice
from status.models import Report, Snapshot
from status.snapshots import content_hash
from tenancy.models import new_public_id


def tenant_models() -> list[Any]:
    return [
        model
        for model in apps.get_models()
        if any(field.column == "engagement_id" for field in model._meta.local_fields)
    ]


def copy(
    engagements: Sequence[Engagement], *, built: int, members: int, began: dt.datetime
) -> None:
    """Copy the rows of the clients that are built to all others, as the owner of the tables.

    Each client has that many members. Each copy has the id of its original plus the same step for
    every round.
    """
    written = {"MembershipEvent", Membership.__name__, DecisionHead.__name__, Notice.__name__}
    copied = [model for model in tenant_models() if model.__name__ not in written]
    # A release names the last decision, and a report its release.
    copied.sort(key=lambda model: {Release: 1, Report: 2, Snapshot: 2}.get(model, 0))
    ids = [(model._meta.pk.column, model._meta.db_table) for model in copied]
    everything = (Engagement, *tenant_models())
    last = engagements[-1].pk
    values = {"rounds": len(engagements) // built, "last": last, "built": built}
    with connections["owner"].cursor() as cursor, _unchecked(cursor, everything):
        # What escalates and who is reminded is left for the next jobs to find.
        for model in everything:
            if model.__name__.removesuffix("Event") in (Escalation.__name__, Notice.__name__):
                cursor.execute(f"DELETE FROM {model._meta.db_table}")
        largest = ", ".join(f"(SELECT max({column}) FROM {table})" for column, table in ids)
        cursor.execute(f"SELECT greatest({largest})")
        (step,) = cursor.fetchone()
        for model in everything:
            own = {field.column for field in model._meta.local_fields}
            # Rows and their history date from the first week.
            for column in own & {"created_at", "pgh_created_at"}:
                cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = %s", [began])
        steps = {Engagement: built, Membership: built * members}
        for model in copied:
            cursor.execute(_copying(model, step=step, steps=steps), values)
        for column, table in ids:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column}))"
                f" FROM {table} HAVING count(*) > 0"
            )


def copy_counts(engagement: Engagement, *, days: Sequence[dt.date]) -> None:
    """Copy the counts of the client's page to earlier days, on short pages that list nothing."""
    page = Snapshot.objects.get(engagement=engagement)
    page.content |= {"cycles": [], "moves": [], "reds": [], "decided": [], "report": None}
    for day in days:
        page.content |= {"on": day.isoformat(), "day": f"{day:%d %B %Y}"}
        page.pk, page.public_id, page.day = None, new_public_id(), day
        page.hash = content_hash(page.content)
        page.save(force_insert=True)


@contextmanager
def _unchecked(cursor: Any, everything: Sequence[Any]) -> Iterator[None]:
    """Check foreign keys at the end, all at once; triggers rest, but for those of the chain."""
    tables = [model._meta.db_table for model in everything]
    # Deferred checks would keep the tables from being altered.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])",
        [tables],
    )
    keys = cursor.fetchall()
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for table, name, _ in keys:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for sealed in (Decision, Release):
        cursor.execute(f"ALTER TABLE {sealed._meta.db_table} ENABLE TRIGGER USER")
    yield
    for table, name, definition in keys:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _copying(model: Any, *, step: int, steps: dict[Any, int]) -> str:
    """Return the statement that copies a table. Check-ins go in by week, as they are posted."""
    table, fields = model._meta.db_table, model._meta.local_fields
    values = {
        field.column: f"t.{field.column} + r * {steps.get(field.related_model, step)}"
        if field.primary_key
        or field.column == "engagement_id"
        or field.related_model in tenant_models()
        else f"t.{field.column}"
        for field in fields
    }
    if page := PAGES.get(model):
        values[page] = PAGE_OF_COPY.format(page=page)
    order = "t.period, r" if model is CheckIn else "r"
    return (
        f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())}"
        f" FROM {table} t CROSS JOIN generate_series(1, %(rounds)s) r"
        f" WHERE t.engagement_id + r * %(built)s <= %(last)s"
        f" ORDER BY {order}, t.{model._meta.pk.column}"
    )


RELEASE = f"""(SELECT {{}} FROM {Release._meta.db_table} l
    WHERE l.engagement_id = t.engagement_id + r * %(built)s)"""
PUBLISHER = f"""(SELECT m.name FROM {Membership._meta.db_table} m
    WHERE m.id = {RELEASE.format("l.by_id")})"""
CLIENT = f"""(SELECT e.client_name FROM {Engagement._meta.db_table} e
    WHERE e.id = t.engagement_id + r * %(built)s)"""
PAGE_OF_COPY = f"""t.{{page}} || jsonb_build_object('client', {CLIENT}) || CASE
    WHEN jsonb_typeof(t.{{page}} -> 'report') = 'object' THEN jsonb_build_object(
        'report', t.{{page}} -> 'report' || jsonb_build_object(
            'by', {PUBLISHER},
            'head', {RELEASE.format("l.head_number || ':' || left(l.head_hash, 16)")}))
    ELSE '{{{{}}}}' END"""
PAGES = {Report: "page", Snapshot: "content"}
