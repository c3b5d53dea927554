"""Writing seeded clients: set-wise as the tables' owner, in about the time that one copy takes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, transaction

from engagements.models import Engagement, Membership, Role
from engagements.scoping import scope, unscoped
from reviews.commands import publish_report
from reviews.models import Review
from reviews.seeding import meetings, statements
from reviews.seeding.people import DOMAIN, FIRST, KINDS, LAST
from reviews.seeding.shapes import COURSES, OBJECTIVES, SHAPES
from reviews.seeding.stories import WEEK, Span, stories
from reviews.status import Words

NAMES = [
    "Aster",
    "Birch",
    "Cobalt",
    "Dune",
    "Ember",
    "Fjord",
    "Garnet",
    "Heron",
    "Indigo",
    "Juniper",
]
ZONES = ("Europe/Berlin", "Europe/London", "Europe/Athens", "Asia/Dubai", "Asia/Kolkata")
WORDS = Words(
    headline="Loyalty grows, and late offers hold it back.",
    moved="More buyers order again.",
    red="Offers reach accounts too late; they move to day twenty.",
    decided="The second feed gets an engineer.",
    next_steps="The terms go out this week.",
)
Tell = Callable[[str, int], None]
# What is written, in this order. Their triggers rest meanwhile: one event a row is written for all
# of them at once, and a version that starts at 1 shows what was there from the start.
QUIET = (
    ("engagements_user", statements.USERS),
    ("engagements_engagement", statements.ENGAGEMENTS),
    ("engagements_membership", statements.MEMBERSHIPS),
    ("okrs_cycle", statements.CYCLES),
    ("okrs_team", statements.TEAMS),
    ("metrics_metric", statements.METRICS),
    ("okrs_objective", statements.COMPANY_OBJECTIVES),
    ("okrs_objective", statements.TEAM_OBJECTIVES),
    ("okrs_keyresult", statements.KEY_RESULTS),
    ("okrs_contributionlink", statements.CONTRIBUTION_LINKS),
)
LOUD = (
    ("checkins_blocker", statements.BLOCKERS),
    ("checkins_helprequest", statements.HELP_REQUESTS),
    ("reviews_review", meetings.REVIEWS),
    ("reviews_summary", meetings.SUMMARIES),
    ("reviews_decision", meetings.DECISIONS),  # numbered and sealed by its trigger
    ("reviews_actionitem", meetings.ACTION_ITEMS),
)


def seed(
    *, clients: int, weeks: int = 13, monday: dt.date, tell: Tell = lambda table, rows: None
) -> dict[str, int]:
    """Write that many clients into a database without any; returns rows by table.

    They have checked in for so many weeks before `monday`, a Monday, and for its own not yet.
    `tell` hears of each table as it is written.
    """
    counts: dict[str, int] = {}

    def count(table: str, rows: int) -> None:
        counts[table] = counts.get(table, 0) + rows
        tell(table, rows)

    facts = _facts(Span(monday=monday, weeks=weeks), clients=clients)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        # Checks that wait for the end would keep the tables from being altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        resting = sorted({table for table, _ in QUIET})
        for table in resting:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        _run(QUIET, facts, tell=count)
        _write_events(resting, at=facts["began"], tell=count)
        _post(facts, tell=count)
        for table in resting:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        _run(LOUD, facts, tell=count)
    for number in range(1, min(clients, len(COURSES)) + 1):
        _publish(f"seed-{number}", now=facts["published_at"])
    _run([("reviews_statusreport", meetings.REPORTS)], facts, tell=count)
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return counts


def _run(written: Iterable[tuple[str, str]], facts: dict[str, Any], *, tell: Tell) -> None:
    with connections["owner"].cursor() as cursor:
        for table, statement in written:
            cursor.execute(statement, facts)
            tell(table, cursor.rowcount)
            cursor.execute(f"ANALYZE {table}")


def _post(facts: dict[str, Any], *, tell: Tell) -> None:
    """The check-ins of every week. Their keys are proved at the end, all at once."""
    rows = 0
    with connections["owner"].cursor() as cursor, _keys_away("checkins_checkin"):
        for posts in facts["weeks"]:
            cursor.execute(statements.CHECK_INS, facts | {"posts": posts})
            rows += cursor.rowcount
    tell("checkins_checkin", rows)


@contextmanager
def _keys_away(table: str) -> Iterator[None]:
    """Without the table's foreign keys; they come back as they were, or nothing is written."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'f'",
            [table],
        )
        keys = cursor.fetchall()
        drops = ", ".join(f'DROP CONSTRAINT "{name}"' for name, _ in keys)
        adds = ", ".join(f'ADD CONSTRAINT "{name}" {definition}' for name, definition in keys)
        cursor.execute(f"ALTER TABLE {table} {drops}")
        yield
        cursor.execute(f"ALTER TABLE {table} {adds}")
        cursor.execute(f"ANALYZE {table}")


def _write_events(tables: Iterable[str], *, at: dt.datetime, tell: Tell) -> None:
    """The event that each tracked row would have left as it came in."""
    by_table = {model._meta.db_table: model for model in apps.get_models()}
    with connections["owner"].cursor() as cursor:
        for table in tables:
            event = by_table.get(f"{table}event")
            if event is None:
                continue
            own = {field.column for field in by_table[table]._meta.local_fields}
            kept = [
                one.column for one in event._meta.local_fields if one.column and one.column in own
            ]
            columns = ", ".join(kept)
            cursor.execute(
                f"INSERT INTO {table}event (pgh_created_at, pgh_label, pgh_obj_id, {columns})"
                f" SELECT %s, 'insert', id, {columns} FROM {table} ORDER BY id",
                [at],
            )
            tell(f"{table}event", cursor.rowcount)


def _publish(slug: str, *, now: dt.datetime) -> None:
    """The report of the closed review, as its lead publishes it."""
    with unscoped():
        found = Engagement.objects.using("owner").get(slug=slug)
    with scope(found.pk):
        publish_report(
            engagement=Engagement.objects.get(pk=found.pk),
            words=WORDS,
            by=Membership.objects.get(engagement=found, role=Role.LEAD),
            review=Review.objects.closed().get(engagement=found),
            now=now,
        )


def _facts(span: Span, *, clients: int) -> dict[str, Any]:
    standings, posts = stories(span)
    shapes = [
        {"shape": place, "title": one.title, "unit": one.unit, "owner": one.owner}
        for place, one in enumerate(SHAPES)
    ]
    kinds = [
        {"place": place, "kind": one.name, "role": one.role.value, "serves": one.serves}
        for place, one in enumerate(KINDS)
    ]
    return {
        "clients": clients,
        "slots": len(COURSES),
        "domain": DOMAIN,
        "kinds": _json(kinds),
        "first": FIRST,
        "firsts": len(FIRST),
        "last": LAST,
        "lasts": len(LAST),
        "names": NAMES,
        "zones": list(ZONES),
        "teams": [team for team, _ in OBJECTIVES],
        "objectives": [title for _, title in OBJECTIVES],
        "shapes": _json(shapes),
        "standings": _json(standings),
        "weeks": [
            _json([post for post in posts if post["monday"] == monday]) for monday in span.mondays
        ],
        "began": _at(span.starts_on, hour=5),
        **WORDS,
        **_days(span),
    }


def _days(span: Span) -> dict[str, Any]:
    """When the review was, was published, and is next."""
    reviewed_on = span.monday - min(span.weeks, 2) * WEEK + dt.timedelta(days=3)
    return {
        "starts_on": span.starts_on,
        "ends_on": span.ends_on,
        "monday": span.monday,
        "reviewed_on": reviewed_on,
        "reviewed_at": _at(reviewed_on, hour=13),
        "closed_at": _at(reviewed_on, hour=14),
        "published_at": _at(span.monday - dt.timedelta(days=3), hour=15),
        "due_on": span.monday + WEEK,
        "review_ahead_at": _at(span.monday + dt.timedelta(days=17), hour=13),
    }


def _at(day: dt.date, *, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)


def _json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, cls=DjangoJSONEncoder)
