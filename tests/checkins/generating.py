"""Key results by the thousand with histories of their own, as the stored facts have them.

Only what is stored is worked out by the product's pure functions; the oracle reads the raw posts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any
from uuid import uuid4

from django.db import connections

from checkins.models import Blocker, CheckIn, CheckInKind
from checkins.periods import Rhythm, cycle_rhythm, fill, fillable_periods, week_for
from checkins.rules import state_of
from engagements.models import Membership, Role
from okrs.models import Cycle, KeyResult, Objective
from okrs.states import early_until
from tenancy.scoping import scope
from tests import build

ZONES = (
    "Europe/Berlin",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "Asia/Kathmandu",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "UTC",
)
CADENCES = ("weekly", "biweekly", "monthly")
CYCLES = (
    (dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
    (dt.date(2026, 2, 2), dt.date(2026, 4, 26)),
    (dt.date(2025, 12, 15), dt.date(2026, 3, 15)),
)
STORE = """
    UPDATE okrs_keyresult k SET rag = new.rag, confidence = new.confidence,
        last_week = new.last_week, red_since = new.red_since, red_reported = new.red_reported
    FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::date[], %s::date[], %s::int[])
        AS new (id, rag, confidence, last_week, red_since, red_reported)
    WHERE k.id = new.id AND (k.rag, k.confidence, k.last_week, k.red_since)
        IS DISTINCT FROM (new.rag, new.confidence, new.last_week, new.red_since)
"""
# Days that begin as a week closes, and days within a week.
SILENT = tuple(dt.date(2026, month, day) for month, day in [(2, 9), (3, 4), (3, 9), (3, 18)])
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@dataclass
class Card:
    """A key result, its check-ins in the order of posting, and its blockers."""

    key_result: KeyResult
    zone: str
    setting: str
    pauses_weekends: bool
    ends_on: dt.date
    posts: list[CheckIn] = field(default_factory=list)
    blockers: list[tuple[dt.datetime, dt.datetime | None]] = field(default_factory=list)


def cards(count: int, *, until: dt.datetime, random: Random) -> list[Card]:
    """That many key results, written with no facts yet; `store` writes those as of an instant."""
    made: list[Card] = []
    clients = [_client(index) for index in range(24)]
    share = count // (len(clients) * len(CYCLES)) + 1
    for lead in clients:
        with scope(lead.engagement_id):
            for objective in _objectives(lead):
                wanted = min(share, count - len(made))
                made += _cards(objective, lead, wanted, until=until, random=random)
    return made


def store(cards: list[Card], *, now: dt.datetime) -> None:
    """Write each key result's facts as of `now`, as the check-ins until then would have."""
    facts = [(card.key_result.pk, *_facts(card, now=now)) for card in cards]
    columns = [list(column) for column in zip(*facts, strict=True)]
    with connections["owner"].cursor() as cursor:
        cursor.execute(STORE, columns)
        cursor.execute("ANALYZE okrs_keyresult")


def _facts(card: Card, *, now: dt.datetime) -> tuple[object, ...]:
    until = [post for post in card.posts if post.posted_at <= now]
    standing = state_of(sorted(until, key=lambda post: (post.period, post.pk)))
    row = card.key_result
    row.rag, row.red_since = standing.rag.value, standing.red_since
    return row.rag, standing.confidence, standing.week, row.red_since, standing.red_reported


def _client(index: int) -> Membership:
    engagement = build.engagement(
        f"Client {index}",
        slug=f"client-{index}",
        time_zone=ZONES[index % len(ZONES)],
        cadence=CADENCES[index // len(ZONES)],
        escalation="strict" if index % 5 == 0 else "early_aware",
        pauses_weekends=index % 2 == 1,
    )
    return build.member(engagement, f"Lead {index}", Role.LEAD)


def _objectives(lead: Membership) -> Iterator[Objective]:
    for place, (starts_on, ends_on) in enumerate(CYCLES):
        dates = {"starts_on": starts_on, "ends_on": ends_on}
        yield build.objective(lead, build.cycle(lead.engagement, f"Cycle {place}", **dates))


def _cards(
    objective: Objective, lead: Membership, count: int, *, until: dt.datetime, random: Random
) -> list[Card]:
    rows = KeyResult.objects.bulk_create(
        [_key_result(objective, lead, index, random) for index in range(count)]
    )
    rhythm = cycle_rhythm(objective.cycle, engagement=lead.engagement)
    found = [
        Card(
            key_result=row,
            zone=lead.engagement.time_zone,
            setting=lead.engagement.escalation,
            pauses_weekends=lead.engagement.pauses_weekends,
            ends_on=objective.cycle.ends_on,
            posts=_posts(row, rhythm, until=until, random=random),
        )
        for row in rows
    ]
    blocked = [card for card in found if card.posts and random.random() < 0.3]
    # A blocker hangs on a stored row.
    CheckIn.objects.bulk_create([card.posts[0] for card in blocked])
    Blocker.objects.bulk_create(
        [row for card in blocked for row in _blockers(card, lead, rhythm, random)]
    )
    return found


def _key_result(objective: Objective, lead: Membership, index: int, random: Random) -> KeyResult:
    cycle: Cycle = objective.cycle
    row = KeyResult(
        engagement_id=lead.engagement_id,
        objective=objective,
        title=f"Key result {index}",
        owner=lead,
        method=random.choice(["linear", "ladder"]),
        direction="lower",
        baseline=Decimal(9),
        target=Decimal(4),
        starts_on=cycle.starts_on + DAY * random.randrange(30),
        due_on=cycle.ends_on - DAY * random.randrange(30),
        stage="at_risk",
        on_pace=random.choice([True, False]),
        silent_from=random.choice([None, *SILENT]),
        committed_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        committed_by=lead,
    )
    row.early_until = early_until(row)
    return row


def _posts(row: KeyResult, rhythm: Rhythm, *, until: dt.datetime, random: Random) -> list[CheckIn]:
    """Check-ins as somebody posts them: often or seldom, red for a while, mended, taken back."""
    posts: list[CheckIn] = []
    chains: dict[dt.date, list[CheckIn]] = {}
    diligence, band = random.choice([40, 80, 160, 400]), "red"
    now = dt.datetime.combine(rhythm.starts_on, dt.time(9), tzinfo=rhythm.zone).astimezone(dt.UTC)
    now += HOUR * random.randrange(0, 900)
    while now < until:
        band = random.choice([band, band, band, "red", "amber"])
        fields: dict[str, Any] = {"rag": band, "confidence": random.choice([2, 3, 4, 5])}
        standing = {day for day, chain in chains.items() if chain[-1].kind == "update"}
        fillable = fillable_periods(rhythm, now)
        newest = max(standing, default=None)
        undoable = {one.monday for one in fillable}
        undoable -= {day for day, chain in chains.items() if chain[-1].undone_by_id}
        if newest in undoable and random.random() < 0.15:
            period, fields = newest, _undone(chains[newest][-1])
        else:
            period = fill(fillable, standing).monday
        chain = chains.setdefault(period, [])
        post = _check_in(row, pk=row.pk * 1000 + len(posts), period=period, now=now, **fields)
        post.week = week_for(period=period, posted_on=rhythm.day_of(now))
        post.supersedes = chain[-1] if chain else None
        chain.append(post)
        posts.append(post)
        now = _later(now, rhythm, hours=random.randrange(1, 2 * diligence), random=random)
    return posts


def _undone(undone: CheckIn) -> dict[str, Any]:
    """As the command does it: the words before it stand again, or nothing does."""
    earlier = undone.supersedes
    restored = earlier if earlier and earlier.kind == CheckInKind.UPDATE else None
    kind, words = (CheckInKind.UPDATE, restored) if restored else (CheckInKind.UNDO, undone)
    return {"kind": kind, "rag": words.rag, "confidence": words.confidence, "undone_by_id": 1}


def _check_in(row: KeyResult, *, period: dt.date, now: dt.datetime, **fields: Any) -> CheckIn:
    return CheckIn(
        engagement_id=row.engagement_id,
        key_result=row,
        period=period,
        measured_on=period,
        actual=Decimal(9),
        score=Decimal("0.10"),
        insight="It is the paper forms.",
        next_action="Print fewer",
        is_thin=True,
        next_action_due=period,
        due_at=now,
        closes_at=now,
        method="linear",
        direction="lower",
        author_id=row.objective.owner_id,
        posted_at=now,
        idempotency_key=uuid4(),
        **fields,
    )


def _later(
    now: dt.datetime, rhythm: Rhythm, *, hours: int, random: Random, often: float = 0.2
) -> dt.datetime:
    """Some hours on; now and then the last minute of a Sunday, or the first of a Monday."""
    then = now + HOUR * hours
    if random.random() < often:
        day = then.astimezone(rhythm.zone).date()
        monday = dt.datetime.combine(day + DAY * (7 - day.weekday()), dt.time(0), rhythm.zone)
        then = monday.astimezone(dt.UTC) - dt.timedelta(seconds=random.choice([0, 1, 60]))
    return then


def _blockers(card: Card, lead: Membership, rhythm: Rhythm, random: Random) -> Iterator[Blocker]:
    """One or two, most of them opened or resolved as a week closes."""
    for number in range(random.choice([1, 2])):
        since, hours = card.posts[0].posted_at, random.randrange(1, 900)
        opened_at = _later(since, rhythm, hours=hours, random=random, often=0.5)
        resolved_at = None
        if random.random() < 0.7:
            hours = random.randrange(1, 400)
            resolved_at = _later(opened_at, rhythm, hours=hours, random=random, often=0.7)
        card.blockers.append((opened_at, resolved_at))
        yield Blocker(
            engagement_id=lead.engagement_id,
            key_result=card.key_result,
            check_in_id=card.posts[0].pk,
            text=f"No access {number}",
            opened_by=lead,
            opened_at=opened_at,
            resolved_at=resolved_at,
            resolved_by=lead if resolved_at else None,
        )
