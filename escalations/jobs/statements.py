"""The SQL of the escalation rules: one statement each, with the notices that follow from it.

It compares stored facts only (M7.1 to M7.4): since which week a key result is red, for which week
its newest check-in stands, until when a red is merely early. What the clocks say comes in by
`clock`, a row per time zone. Each statement counts the escalations that it wrote.

Locks. Everybody takes key result, escalation, engagement in this order. A sweep that changes
escalations skips those that somebody holds: whoever holds one settles it, or the next sweep does.
"""

from __future__ import annotations

from escalations.jobs.notices import OF_ACTIVE, OF_RAISED, OF_TOLD, telling
from tenancy.models import NEW_PUBLIC_ID

# Of one key result, at its check-in; where all clients are swept, `{only}` is empty.
ONLY_NEW = "AND k.engagement_id = %(engagement)s AND k.id = %(key_result)s"
ONLY = "AND e.engagement_id = %(engagement)s AND e.key_result_id = %(key_result)s"

CLOCK = """
    clock AS (
        SELECT * FROM unnest(
            %(zones)s::text[], %(mondays)s::date[], %(todays)s::date[], %(judged_on)s::date[],
            %(judged_at)s::timestamptz[], %(huddles)s::timestamptz[], %(huddles_paused)s::timestamptz[]
        ) AS clock (zone, monday, today, judged_on, judged_at, huddle, huddle_paused)
    )
"""
# `g`, `clock`, `k`, `o` and `c` of live key results that are red, up to the week after the cycle:
# there is only what the close of its last week decides.
REDS = """
    JOIN clock ON clock.zone = g.time_zone
    JOIN okrs_keyresult k ON k.engagement_id = g.id
    JOIN okrs_objective o ON o.engagement_id = k.engagement_id AND o.id = k.objective_id
    JOIN okrs_cycle c ON c.engagement_id = o.engagement_id AND c.id = o.cycle_id
    WHERE k.red_since <= %(latest)s AND k.rag = 'red'
      AND k.stage IN ('committed', 'on_track', 'at_risk')
      AND clock.monday - 7 <= c.ends_on AND g.closed_at IS NULL
"""
# Why it is active; empty while it is watched (M7.2). Without a line nothing is early.
CAUSE = """
    CASE
        WHEN g.escalation = 'strict' THEN 'strict'
        WHEN k.early_until IS NULL OR k.early_until < clock.judged_on THEN 'pace'
        WHEN k.confidence IS NULL OR k.confidence < 3 THEN 'confidence'
        WHEN EXISTS (
            SELECT 1 FROM checkins_blocker b
            WHERE b.engagement_id = k.engagement_id AND b.key_result_id = k.id
              AND b.opened_at < clock.judged_at
              AND (b.resolved_at IS NULL OR b.resolved_at >= clock.judged_at)
        ) THEN 'blocker'
        ELSE ''
    END
"""
HUDDLE_DUE = "CASE WHEN g.pauses_weekends THEN clock.huddle_paused ELSE clock.huddle END"

# A client whose rows changed since they were read is left to the next round: a key result that
# left red meanwhile must not fire.
OPEN = f"""
    WITH {CLOCK}, fired AS (
        SELECT g.id AS engagement_id, g.status_version, k.id AS key_result_id,
            k.red_since AS streak, {CAUSE} AS cause, {HUDDLE_DUE} AS huddle_due_at
        FROM engagements_engagement g {REDS} {{only_new}}
          AND k.red_since <= clock.monday - 7
          AND (k.red_since <= clock.monday - 14
            OR k.last_week = clock.monday AND clock.monday <= c.ends_on)
          AND NOT EXISTS (
            SELECT 1 FROM escalations_escalation e
            WHERE e.engagement_id = k.engagement_id AND e.rule = 'red_two_weeks'
              AND e.key_result_id = k.id AND e.streak = k.red_since)
    ), held AS (
        SELECT id, status_version FROM engagements_engagement
        WHERE id IN (SELECT engagement_id FROM fired) AND closed_at IS NULL
        ORDER BY id FOR NO KEY UPDATE
    ), heard AS (
        INSERT INTO escalations_escalation
            (engagement_id, public_id, rule, key_result_id, streak, opened_at, activated_at, cause,
             huddle_due_at, raised_for, version)
        SELECT fired.engagement_id, {NEW_PUBLIC_ID}, 'red_two_weeks', key_result_id, streak,
            %(now)s, CASE WHEN cause <> '' THEN %(now)s::timestamptz END, cause,
            CASE WHEN cause <> '' THEN huddle_due_at END, '', 1
        FROM fired JOIN held ON held.id = fired.engagement_id
          AND held.status_version = fired.status_version
        ORDER BY fired.engagement_id, key_result_id, streak
        ON CONFLICT DO NOTHING
        RETURNING engagement_id, id, key_result_id, streak, activated_at
    ), told AS (
        {telling(rule="escalation_active", to=OF_ACTIVE, among="heard.activated_at IS NOT NULL")}
    )
    SELECT count(*) FROM heard
"""  # noqa: S608 - made of constants

ACTIVATE = f"""
    WITH {CLOCK}, due AS (
        SELECT e.engagement_id, e.id, {CAUSE} AS cause, {HUDDLE_DUE} AS huddle_due_at
        FROM escalations_escalation e JOIN engagements_engagement g ON g.id = e.engagement_id {REDS}
          {{only}}
          AND k.id = e.key_result_id AND k.red_since = e.streak
          AND e.recovered_at IS NULL AND e.decided_at IS NULL AND e.activated_at IS NULL
          AND e.opened_at < clock.judged_at AND {CAUSE} <> ''
          AND (clock.judged_at <= %(now)s OR clock.monday <= c.ends_on)
        ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
    ), heard AS (
        UPDATE escalations_escalation e
        SET activated_at = %(now)s, cause = due.cause, huddle_due_at = due.huddle_due_at,
            version = e.version + 1
        FROM due WHERE e.engagement_id = due.engagement_id AND e.id = due.id
        RETURNING e.engagement_id, e.id, e.key_result_id, e.streak
    ), told AS (
        {telling(rule="escalation_active", to=OF_ACTIVE)}
    )
    SELECT count(*) FROM heard
"""  # noqa: S608 - made of constants

# Three red weeks: closed, or the third one reported; so it is where a weekly one is said early
# for the week after. Nobody is raised past a huddle to come. `escalation_clocks.rises_at` says it.
RAISE = f"""
    WITH {CLOCK}, due AS (
        SELECT e.engagement_id, e.id,
            CASE WHEN e.answered_at IS NULL THEN 'no_plan' ELSE 'checkpoint' END AS raised_for
        FROM escalations_escalation e JOIN engagements_engagement g ON g.id = e.engagement_id {REDS}
          {{only}}
          AND k.id = e.key_result_id AND k.red_since = e.streak
          AND e.recovered_at IS NULL AND e.decided_at IS NULL AND e.raised_at IS NULL
          AND e.activated_at IS NOT NULL AND clock.monday <= c.ends_on
          AND CASE WHEN e.answered_at IS NOT NULL THEN e.checkpoint_on < clock.today
              ELSE e.huddle_due_at <= %(now)s AND (e.streak <= clock.monday - 21
                OR e.streak <= clock.monday - 14 AND (k.last_week = clock.monday
                  OR k.last_week > clock.monday AND g.cadence = 'weekly')) END
        ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
    ), heard AS (
        UPDATE escalations_escalation e
        SET raised_at = %(now)s, raised_for = due.raised_for, version = e.version + 1
        FROM due WHERE e.engagement_id = due.engagement_id AND e.id = due.id
        RETURNING e.engagement_id, e.id, e.key_result_id, e.streak
    ), told AS (
        {telling(rule="escalation_raised", to=OF_RAISED)}
    )
    SELECT count(*) FROM heard
"""  # noqa: S608 - made of constants

# The streak that fired is over (M7.8), whatever came after it.
RECOVER = f"""
    WITH due AS (
        SELECT e.engagement_id, e.id FROM escalations_escalation e
        WHERE e.recovered_at IS NULL AND e.decided_at IS NULL {{only}}
          AND EXISTS (
            SELECT 1 FROM engagements_engagement g
            WHERE g.id = e.engagement_id AND g.closed_at IS NULL)
          AND NOT EXISTS (
            SELECT 1 FROM okrs_keyresult k
            WHERE k.engagement_id = e.engagement_id AND k.id = e.key_result_id
              AND k.red_since IS NOT NULL AND k.red_since = e.streak AND k.rag = 'red')
        ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
    ), heard AS (
        UPDATE escalations_escalation e SET recovered_at = %(now)s, version = e.version + 1
        FROM due WHERE e.engagement_id = due.engagement_id AND e.id = due.id
        RETURNING e.engagement_id, e.id, e.key_result_id, e.streak
    ), told AS (
        {telling(rule="escalation_recovered", to=OF_TOLD)}
    )
    SELECT count(*) FROM heard
"""  # noqa: S608 - made of constants

# The check-in by which it left red was taken back or corrected within its week: nobody is told.
REOPEN = """
    WITH due AS (
        SELECT e.engagement_id, e.id
        FROM escalations_escalation e
        JOIN okrs_keyresult k ON k.engagement_id = e.engagement_id AND k.id = e.key_result_id
        WHERE e.recovered_at IS NOT NULL {only}
          AND k.rag = 'red' AND k.red_since = e.streak
        ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
    ), reopened AS (
        UPDATE escalations_escalation e SET recovered_at = NULL, version = e.version + 1
        FROM due WHERE e.engagement_id = due.engagement_id AND e.id = due.id
        RETURNING e.id
    )
    SELECT count(*) FROM reopened
"""
