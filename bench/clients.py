"""Many clients in week 10 of a quarter, written by generate_series as the tables' owner.

Each has four objectives with four key results, and a check-in of nearly every week: 5,000 of them
are 80,000 key results with a million check-ins. One key result in ten is red since three weeks, one
in twenty since last week.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connections, transaction

MONDAY = dt.date(2026, 3, 9)  # of the week that runs
STARTS_ON, ENDS_ON = dt.date(2026, 1, 1), dt.date(2026, 3, 31)
ZONES = ("Europe/Berlin", "Europe/London", "Europe/Athens", "Asia/Dubai", "Asia/Kolkata")
USERS = 1_000
TABLES = (
    "engagements_user",
    "engagements_engagement",
    "engagements_membership",
    "okrs_cycle",
    "okrs_team",
    "okrs_objective",
    "okrs_keyresult",
    "checkins_checkin",
    "checkins_escalation",
    "engagements_notice",
    "notifications_outboxmessage",
)
PUBLIC_ID = "left(translate(md5(random()::text || clock_timestamp()::text), '01', 'gh'), 12)"

PEOPLE = """
    INSERT INTO engagements_user (password, email, name, time_zone, theme, shortcuts, message_at,
        quiet_from, quiet_until, wants_reminders, wants_digests, is_active, joined_at)
    SELECT '!', 'person' || n || '@many.test', 'Person ' || n, (%(zones)s::text[])[1 + n %% 5],
        'system', true, '09:00', '20:00', '07:00', true, true, true, %(began)s
    FROM generate_series(0, %(users)s - 1) n
"""
CLIENTS = """
    INSERT INTO engagements_engagement (slug, client_name, time_zone, country, scale, bands,
        cadence, due_weekday, due_time, opens_days_before, guardrails, escalation, pauses_weekends,
        status_page, vision, strategy_themes, version, status_version, created_at)
    SELECT 'many-' || n, 'Client ' || n, (%(zones)s::text[])[1 + n %% 5], 'DE', '1', 'playbook',
        'weekly', 0, '10:00', 3, 'playbook', 'early_aware', false, 'live', '', '{}', 1, 1, %(began)s
    FROM generate_series(1, %(clients)s) n
"""
# Lead, champion, sponsor and two contributors, from one pool of people.
MEMBERS = f"""
    INSERT INTO engagements_membership (engagement_id, public_id, user_id, email, name, role,
        created_at)
    SELECT e.id, {PUBLIC_ID}, u.id, u.email, u.name, r.role, %(began)s
    FROM engagements_engagement e
    CROSS JOIN (VALUES (0, 'lead'), (1, 'champion'), (2, 'sponsor'), (3, 'contributor'),
        (4, 'contributor')) r (place, role)
    JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM engagements_user
          WHERE email LIKE '%%@many.test') u ON u.place = (e.id * 5 + r.place) %% %(users)s
    WHERE e.slug LIKE 'many-%%'
"""
CYCLES = f"""
    INSERT INTO okrs_cycle (engagement_id, public_id, name, kind, starts_on, ends_on, version)
    SELECT id, {PUBLIC_ID}, '2026-Q1', 'quarterly', %(starts_on)s, %(ends_on)s, 1
    FROM engagements_engagement WHERE slug LIKE 'many-%%'
"""
TEAMS = f"""
    INSERT INTO okrs_team (engagement_id, public_id, name, champion_id, version)
    SELECT engagement_id, {PUBLIC_ID}, 'Platform', id, 1
    FROM engagements_membership WHERE role = 'champion' AND email LIKE '%%@many.test'
"""
OBJECTIVES = f"""
    INSERT INTO okrs_objective (engagement_id, public_id, cycle_id, team_id, title, why_now,
        origin, owner_id, divergence_reason, reasons, position, version, created_at, created_by_id,
        committed_at, committed_by_id)
    SELECT c.engagement_id, {PUBLIC_ID}, c.id, t.id, 'Make outcome ' || n || ' come true', '',
        'top_down', m.id, '', '{{}}', n, 1, %(began)s, m.id, %(began)s, m.id
    FROM okrs_cycle c
    JOIN okrs_team t USING (engagement_id)
    JOIN engagements_membership m ON m.engagement_id = c.engagement_id AND m.role = 'lead'
    CROSS JOIN generate_series(1, 4) n
    WHERE m.email LIKE '%%@many.test'
"""
# `kind`: 0 and 1 red since three weeks, 2 red since last week, the others green.
KEY_RESULTS = f"""
    INSERT INTO okrs_keyresult (engagement_id, public_id, objective_id, title, owner_id, method,
        direction, baseline, target, ladder, starts_on, due_on, weight, indicator, commitment,
        reasons, position, version, created_at, created_by_id, committed_at, committed_by_id,
        early_until, stage, latest_value, score, rag, confidence, measured_on, checked_in_at,
        last_period, last_week, red_since, red_reported, insight, next_action, evidence_url, trail)
    SELECT o.engagement_id, {PUBLIC_ID}, o.id, 'Key result ' || m.id || ' ' || n, m.id, 'linear', 'higher', 0, 10,
        '[]', %(starts_on)s, %(ends_on)s, 1, 'leading', 'committed', '{{}}', n, 1, %(began)s, m.id,
        %(began)s, m.id, %(starts_on)s::date + 26,
        CASE WHEN k.kind < 3 THEN 'at_risk' ELSE 'on_track' END,
        CASE WHEN k.kind < 3 THEN 2 ELSE 8 END, CASE WHEN k.kind < 3 THEN 0.20 ELSE 0.80 END,
        CASE WHEN k.kind < 3 THEN 'red' ELSE 'green' END, 3, %(monday)s::date - 7, %(began)s,
        %(monday)s::date - 7, %(monday)s::date - 7,
        CASE WHEN k.kind < 2 THEN %(monday)s::date - 21 WHEN k.kind = 2 THEN %(monday)s::date - 7 END,
        CASE WHEN k.kind < 2 THEN 3 WHEN k.kind = 2 THEN 1 ELSE 0 END,
        'The offer reaches accounts too late.', 'Move the offer to day twenty', '', k.trail
    FROM okrs_objective o
    JOIN engagements_membership m ON m.engagement_id = o.engagement_id AND m.role = 'contributor'
    CROSS JOIN generate_series(1, 2) n
    CROSS JOIN LATERAL (
        SELECT (o.id * 4 + m.id * 2 + n) %% 20 AS kind,
            (SELECT jsonb_agg(jsonb_build_array(%(monday)s::date - 7 * w, '2', '0.20') ORDER BY w DESC)
             FROM generate_series(1, 9) w) AS trail
    ) k
    WHERE m.email LIKE '%%@many.test'
"""
CHECK_INS = f"""
    INSERT INTO checkins_checkin (engagement_id, public_id, key_result_id, kind, period, week,
        measured_on, actual, out_of_range_confirmed, score, rag, confidence, insight, next_action,
        next_action_due, is_thin, evidence_url, due_at, closes_at, method, direction, baseline, target,
        ladder, author_id, posted_at, idempotency_key)
    SELECT k.engagement_id, {PUBLIC_ID}, k.id, 'update', d.monday, d.monday, d.monday, 2, false,
        0.20, CASE WHEN d.monday >= k.red_since THEN 'red' ELSE 'green' END, 3,
        'The offer reaches accounts too late.', 'Move the offer to day twenty', d.monday + 7, false,
        '', d.monday + time '10:00', d.monday + 7, 'linear', 'higher', 0, 10, '[]', k.owner_id,
        d.monday + time '09:00', gen_random_uuid()
    FROM okrs_keyresult k
    CROSS JOIN generate_series(1, 13) w
    CROSS JOIN LATERAL (SELECT %(monday)s::date - 7 * w AS monday) d
    WHERE k.title LIKE 'Key result %%' AND (k.id + w) %% 26 <> 0
"""


def write(clients: int) -> dict[str, int]:
    """Write that many clients; returns rows by table."""
    facts: dict[str, Any] = {
        "clients": clients,
        "users": USERS,
        "zones": list(ZONES),
        "monday": MONDAY,
        "starts_on": STARTS_ON,
        "ends_on": ENDS_ON,
        "began": dt.datetime(2026, 1, 2, 9, tzinfo=dt.UTC),
    }
    statements = (PEOPLE, CLIENTS, MEMBERS, CYCLES, TEAMS, OBJECTIVES, KEY_RESULTS, CHECK_INS)
    counts = {}
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table, statement in zip(TABLES, statements, strict=False):
            cursor.execute(statement, facts)
            counts[table] = cursor.rowcount
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with connections["owner"].cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
    return counts
