from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from typing import Any

from django.db import connections

from accounts.models import midnight, zone_of
from engagements.left_out import note_left_out
from engagements.models import Escalation as EscalationSetting
from escalations.commands import update_escalation
from escalations.rule import WEEKS_TO_FIRE, WEEKS_TO_RAISE
from notifications.commands import wake_worker_after_commit
from okrs.models.key_results import LIVE
from okrs.weeks import monday_of
from scoring import Rag
from scoring.forecasts import ENOUGH_CONFIDENCE
from tenancy.scoping import scope

logger = logging.getLogger(__name__)

BATCH = 200  # each batch is a query, so the sweep's connection is never idle for long
ZONES = "SELECT DISTINCT time_zone FROM engagements_engagement"
# Key results whose escalation may change. The rule decides in Python, under the lock: one row too
# many costs a moment, one too few would be lost, so each condition is at least as wide as the rule.
CANDIDATES = """
    WITH clock AS (
        SELECT * FROM unnest(
            %(zones)s::text[], %(todays)s::date[], %(weeks)s::date[], %(closed)s::timestamptz[]
        ) AS clock (zone, today, week, closed_at)
    ), fired AS (
        SELECT k.engagement_id, k.id
        FROM engagements_engagement g
        JOIN clock ON clock.zone = g.time_zone
        JOIN okrs_keyresult k ON k.engagement_id = g.id
        JOIN okrs_objective o ON o.engagement_id = k.engagement_id AND o.id = k.objective_id
        JOIN okrs_cycle c ON c.engagement_id = o.engagement_id AND c.id = o.cycle_id
        WHERE g.closed_at IS NULL AND k.red_since < %(latest)s AND k.rag = %(red)s
          AND k.stage = ANY (%(live)s::text[]) AND clock.week - 7 <= c.ends_on
          AND (k.red_since <= clock.week - %(days_to_fire)s::int
            OR k.red_since < clock.week AND k.last_week >= clock.week)
          AND NOT EXISTS (
            SELECT 1 FROM escalations_escalation e
            WHERE e.engagement_id = k.engagement_id AND e.key_result_id = k.id
              AND e.streak = k.red_since)
    ), open AS (
        SELECT e.engagement_id, e.key_result_id
        FROM escalations_escalation e
        JOIN engagements_engagement g ON g.id = e.engagement_id AND g.closed_at IS NULL
        JOIN clock ON clock.zone = g.time_zone
        JOIN LATERAL (  -- the limit makes each join a look-up by index
            SELECT r.engagement_id, r.id, r.stage, r.rag, r.red_since, r.last_week, r.early_until,
                r.confidence, r.on_pace, r.silent_from, c.ends_on
            FROM okrs_keyresult r
            JOIN okrs_objective o ON o.engagement_id = r.engagement_id AND o.id = r.objective_id
            JOIN okrs_cycle c ON c.engagement_id = o.engagement_id AND c.id = o.cycle_id
            WHERE r.engagement_id = e.engagement_id AND r.id = e.key_result_id LIMIT 1
        ) k ON true
        WHERE e.recovered_at IS NULL AND e.decided_at IS NULL AND (
            k.red_since IS DISTINCT FROM e.streak OR k.rag <> %(red)s
            OR k.stage = ANY (%(live)s::text[]) AND clock.week - 7 <= k.ends_on AND (
                e.activated_at IS NULL AND e.opened_at < clock.closed_at AND (
                    g.escalation = %(strict)s
                    OR (k.early_until IS NULL OR k.early_until < clock.today)
                    AND (k.on_pace IS NOT TRUE OR k.silent_from <= clock.today)
                    OR k.confidence IS NULL OR k.confidence < %(min_confidence)s::int
                    OR EXISTS (
                        SELECT 1 FROM checkins_blocker b
                        WHERE b.engagement_id = k.engagement_id AND b.key_result_id = k.id
                          AND b.opened_at < clock.closed_at
                          AND (b.resolved_at IS NULL OR b.resolved_at >= clock.closed_at)))
                OR e.activated_at IS NOT NULL AND e.raised_at IS NULL
                AND clock.week <= k.ends_on AND (
                    e.checkpoint_on < clock.today
                    OR e.answered_at IS NULL AND e.huddle_due_at <= %(now)s
                    AND (e.streak <= clock.week - %(days_to_raise)s::int
                        OR e.streak < clock.week - 7 AND k.last_week >= clock.week))))
    )
    SELECT engagement_id, id FROM (TABLE fired UNION TABLE open) AS candidates
    WHERE (engagement_id, id) > (%(engagement)s, %(key_result)s)
    ORDER BY engagement_id, id LIMIT %(batch)s
"""


class UpdatesFailed(Exception):
    """Some key results could not be updated; the others were. Each failure is in the log."""


def update_escalations(*, now: dt.datetime, using: str = "sweep") -> int:
    """Apply the rule to every key result whose escalation may change; return the changes.

    One command and transaction each, as the application's role in the client's scope. Safe to run
    twice and at once. With `using="default"` it covers the engagements of the active scope.

    Raises UpdatesFailed, after all others are done, if a command failed.
    """
    changes = 0
    failed: list[int] = []  # an engagement for each key result
    for engagement_id, key_result_id in _candidates(now=now, using=using):
        try:
            with scope(engagement_id):
                changes += update_escalation(
                    key_result_id=key_result_id, engagement_id=engagement_id, now=now
                )
        except Exception:
            logger.exception("Key result %s was left to the next run", key_result_id)
            failed.append(engagement_id)
    note_left_out("escalations", failed, now=now, using=using)
    if changes:
        wake_worker_after_commit()
    if failed:
        count = len(failed)
        raise UpdatesFailed(f"{count} key results were left to the next run. The log says why.")
    return changes


def _candidates(*, now: dt.datetime, using: str) -> Iterator[tuple[int, int]]:
    with connections[using].cursor() as cursor:
        cursor.execute(ZONES)
        zones = [zone for (zone,) in cursor.fetchall()]
    todays = [now.astimezone(zone_of(zone)).date() for zone in zones]
    weeks = [monday_of(today) for today in todays]
    parameters: dict[str, Any] = {
        "now": now,
        "zones": zones,
        "todays": todays,
        "weeks": weeks,
        "closed": [midnight(week, zone_of(zone)) for week, zone in zip(weeks, zones, strict=True)],
        "latest": max(weeks, default=dt.date.min),
        "days_to_fire": 7 * WEEKS_TO_FIRE,
        "days_to_raise": 7 * WEEKS_TO_RAISE,
        "min_confidence": ENOUGH_CONFIDENCE,
        "strict": EscalationSetting.STRICT.value,
        "live": [stage.value for stage in LIVE],
        "red": Rag.RED.value,
        "batch": BATCH,
    }
    engagement = key_result = 0
    while True:
        after = {"engagement": engagement, "key_result": key_result}
        with connections[using].cursor() as cursor:
            cursor.execute(CANDIDATES, {**parameters, **after})
            rows: list[tuple[int, int]] = cursor.fetchall()
        yield from rows
        if len(rows) < BATCH:
            return
        engagement, key_result = rows[-1]
