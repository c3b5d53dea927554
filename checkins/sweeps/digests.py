"""What Friday brings: what is at risk or blocked, and whose update is late or thin (M6.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from checkins.periods import open_periods
from checkins.sweeps.notices import is_empty, tell
from checkins.sweeps.people import clocks
from checkins.sweeps.rhythms import Beat, closed_at, columns, cycles_of, running_beats
from scoring import Rag

FRIDAY = 4
DAY = dt.timedelta(days=1)
FEW_WORDS = 4  # an insight or a next action with fewer is thin

# `hearer`: for whom it is Friday, until their message of the day is made; what comes up later than
# that is not Friday's any more.
FRIDAYS = f"""
    friday AS (
        SELECT * FROM unnest(%(zones)s::text[], %(times)s::time[], %(fridays)s::date[],
            %(told_at)s::timestamptz[]) AS given (time_zone, message_at, day, told_at)
    ),
    hearer AS (
        SELECT person.*, friday.day, friday.day - {FRIDAY} AS monday, friday.told_at
        FROM person JOIN friday USING (time_zone, message_at)
        WHERE person.wants_digests AND NOT EXISTS (
            SELECT 1 FROM notifications_outboxmessage made
            WHERE made.dedupe_key = 'daily:' || person.user_id || ':' || friday.day)
    ),
    owed AS (
        SELECT * FROM unnest(%(beats)s::int[], %(mondays)s::date[], %(due_at)s::timestamptz[])
            AS given (beat, monday, due_at)
    ),
    late AS (
        SELECT DISTINCT asked.engagement_id, asked.id
        FROM asked JOIN owed USING (beat)
        WHERE asked.committed_at <= owed.due_at AND {is_empty("asked.trail", "owed.monday")}
    ),
    running AS (
        SELECT asked.*, champion.id AS champion_id, late.id IS NOT NULL AS is_late
        FROM asked
        LEFT JOIN late ON late.engagement_id = asked.engagement_id AND late.id = asked.id
        LEFT JOIN okrs_team team
            ON team.engagement_id = asked.engagement_id AND team.id = asked.team_id
        LEFT JOIN person champion
            ON champion.engagement_id = team.engagement_id AND champion.id = team.champion_id
    ),
    found AS (
        SELECT 'friday_at_risk' AS rule, running.engagement_id, hearer.id AS person_id,
            running.id AS subject, hearer.monday AS period, hearer.told_at AS due_at
        FROM running
        JOIN hearer ON hearer.engagement_id = running.engagement_id
            AND (hearer.id = running.objective_owner_id OR hearer.role = 'lead')
            AND running.starts_on <= hearer.day AND running.ends_on >= hearer.monday
        WHERE running.stage = 'at_risk' OR EXISTS (
            SELECT 1 FROM checkins_blocker b WHERE b.engagement_id = running.engagement_id
              AND b.key_result_id = running.id AND b.resolved_at IS NULL)
        UNION ALL
        SELECT 'friday_late', running.engagement_id, hearer.id, running.id, hearer.monday,
            hearer.told_at
        FROM running
        JOIN hearer ON hearer.engagement_id = running.engagement_id
            AND (hearer.id = running.champion_id
                 OR (running.champion_id IS NULL AND hearer.role = 'lead'))
            AND running.starts_on <= hearer.day AND running.ends_on >= hearer.monday
        LEFT JOIN LATERAL (
            SELECT c.insight, c.next_action FROM checkins_checkin c
            WHERE c.engagement_id = running.engagement_id AND c.key_result_id = running.id
              AND c.period = running.last_period
            ORDER BY c.id DESC LIMIT 1
        ) said ON running.last_week >= hearer.monday
        WHERE running.is_late OR (running.last_week >= hearer.monday AND (
            (running.rag = ANY (%(proud)s::text[]) AND running.evidence_url = '')
            OR {{insight}} < {FEW_WORDS} OR {{next_action}} < {FEW_WORDS}))
    )
"""  # noqa: S608 - made of constants
WORDS = r"cardinality(regexp_split_to_array(btrim(said.{text}), '\s+'))"
DIGESTS = FRIDAYS.format(
    insight=WORDS.format(text="insight"), next_action=WORDS.format(text="next_action")
)


def friday_digests(*, now: dt.datetime, using: str = "sweep") -> int:
    """Gather what Friday's message tells, once it is time for it on each person's clock (M6.4).

    To objective owners and leads what is at risk or blocked; to the champion of the team, or the
    leads where there is none, what is late, was missed or is thin: an insight or a next action
    under four words, or green without evidence. Only of cycles that run in that week. Returns the
    notices written. At most three queries.
    """
    rows = []
    for clock in clocks(using=using):
        today = clock.date(now)
        if today.weekday() == FRIDAY and clock.on(today) <= now:
            rows.append((*clock, today, clock.on(today)))
    if not rows:
        return 0
    beats = running_beats(now=now, using=using)
    facts = {
        **columns(rows, "zones", "times", "fridays", "told_at"),
        **columns(_owed(beats, now=now), "beats", "mondays", "due_at"),
        **cycles_of(beats),
        "proud": [Rag.GREEN.value, Rag.STRETCH.value],
    }
    return tell(DIGESTS, facts=facts, now=now, using=using)


def _owed(beats: list[Beat], *, now: dt.datetime) -> list[tuple[Any, ...]]:
    """The periods without which a key result is late: open and overdue, or closed last."""
    return [
        (place, period.monday, period.due_at)
        for place, beat in enumerate(beats)
        for period in (
            *(one for one in open_periods(beat.rhythm, now) if one.due_at < now),
            *(one.period for one in list(closed_at(beat.rhythm, now))[:1] if one.is_recent),
        )
    ]
