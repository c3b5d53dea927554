"""The statements that write seeded clients, one a table, as the tables' owner.

Client `n` has the slug `seed-<n>`. Objectives and key results have the same public ids in each
client, so that one finished page serves for the reports of many.
"""

from __future__ import annotations

from engagements.tenancy import NEW_PUBLIC_ID as ID

SEEDED = "e.slug LIKE 'seed-%%'"
N = "split_part(e.slug, '-', 2)::integer"
# Which course its key results take. A client has its own, twenty clients later they come again.
SLOT = f"({N} * 7 + {{shape}} * 3) %% %(slots)s"
KIND = """jsonb_to_recordset(%(kinds)s::jsonb)
    AS p (place integer, kind text, role text, serves integer)"""
SHAPE = """jsonb_to_recordset(%(shapes)s::jsonb)
    AS s (shape integer, title text, unit text, owner text)"""
FIGURES = """shape integer, slot integer, actual numeric, score numeric, rag text,
    confidence integer, insight text, next_action text, evidence_url text, method text,
    direction text, baseline numeric, target numeric, ladder jsonb, monday date, minutes integer"""
STANDING = f"""jsonb_to_recordset(%(standings)s::jsonb) AS t ({FIGURES}, stage text,
    early_until date, red_since date, red_reported integer, trail jsonb)"""
POST = f"""jsonb_to_recordset(%(posts)s::jsonb) AS t ({FIGURES}, is_thin boolean,
    seconds integer)"""
# Posted in the morning on which it is due, on the client's clock.
POSTED_AT = "(t.monday + make_interval(mins => t.minutes)) AT TIME ZONE e.time_zone"
ADDRESS = "p.kind || CASE WHEN {number} = 1 THEN '' ELSE '-' || {number} END || '@' || %(domain)s"

USERS = f"""
    INSERT INTO engagements_user (password, email, name, time_zone, theme, shortcuts, message_at,
        quiet_from, quiet_until, wants_reminders, wants_digests, is_active, joined_at)
    SELECT '!', {ADDRESS.format(number="n")},
        (%(first)s::text[])[1 + (n * 5 + p.place) %% %(firsts)s] || ' '
        || (%(last)s::text[])[1 + (n * 7 + p.place * 3) %% %(lasts)s],
        'Europe/Berlin', 'system', true, '09:00', '20:00', '07:00', true, true, true, %(began)s
    FROM {KIND}
    CROSS JOIN LATERAL generate_series(1, (%(clients)s + p.serves - 1) / p.serves) n
"""
ENGAGEMENTS = """
    INSERT INTO engagements_engagement (slug, client_name, time_zone, country, scale, bands,
        bands_frozen_on, cadence, due_weekday, due_time, opens_days_before, guardrails, escalation,
        pauses_weekends, status_page, vision, strategy_themes, version, status_version, created_at)
    SELECT 'seed-' || n, (%(names)s::text[])[1 + n %% 10] || ' ' || n,
        (%(zones)s::text[])[1 + n %% 5], 'DE', 'unit', 'playbook', %(starts_on)s, 'weekly', 0, '10:00',
        3, 'playbook', 'early_aware', false, 'live', 'Everybody finds what fits, and comes back.',
        ARRAY['Loyalty', 'Reach', 'Trust'], 1, 1, %(began)s
    FROM generate_series(1, %(clients)s) n
"""
MEMBERSHIPS = f"""
    INSERT INTO engagements_membership (engagement_id, public_id, user_id, email, name, role,
        created_at)
    SELECT e.id, {ID}, u.id, u.email, u.name, p.role, %(began)s
    FROM engagements_engagement e
    CROSS JOIN {KIND}
    CROSS JOIN LATERAL (SELECT ({N} - 1) / p.serves + 1 AS number) own
    JOIN engagements_user u ON u.email = {ADDRESS.format(number="own.number")}
    WHERE {SEEDED} ORDER BY e.id, p.place
"""


def _member(kind: str, alias: str) -> str:
    """The client's member of that kind; kinds that share a role differ by address."""
    return f"""engagements_membership {alias} ON {alias}.engagement_id = e.id
        AND {alias}.email LIKE {kind} || '%%@' || %(domain)s"""


CYCLES = f"""
    INSERT INTO okrs_cycle (engagement_id, public_id, name, kind, starts_on, ends_on, version)
    SELECT e.id, {ID}, 'Running cycle', 'quarterly', %(starts_on)s, %(ends_on)s, 1
    FROM engagements_engagement e WHERE {SEEDED}
"""
TEAMS = f"""
    INSERT INTO okrs_team (engagement_id, public_id, name, champion_id, version)
    SELECT e.id, {ID}, o.team, m.id, 1
    FROM engagements_engagement e
    CROSS JOIN unnest(%(teams)s::text[]) WITH ORDINALITY o (team, place)
    JOIN {_member("'champion'", "m")}
    WHERE {SEEDED} AND o.place > 1 ORDER BY e.id, o.place
"""
METRICS = f"""
    INSERT INTO metrics_metric (engagement_id, public_id, name, definition, technical_definition,
        unit, owner_id, source, source_url, refresh, access, fetched_by, version, created_at)
    SELECT e.id, {ID}, s.title, '', '', s.unit, m.id, 'Data warehouse', '', 'weekly',
        'Everybody on the team', m.name, 1, %(began)s
    FROM engagements_engagement e
    CROSS JOIN {SHAPE}
    JOIN {_member("s.owner", "m")}
    WHERE {SEEDED} ORDER BY e.id, s.shape
"""
# The company's first: those of teams contribute to it.
COMPANY_OBJECTIVES, TEAM_OBJECTIVES = (
    f"""
    INSERT INTO okrs_objective (engagement_id, public_id, cycle_id, team_id, parent_id, title,
        why_now, origin, owner_id, divergence_reason, reasons, position, version, created_at,
        created_by_id, committed_at, committed_by_id)
    SELECT e.id, 'seedobject' || lpad(o.place::text, 2, '0'), c.id, t.id, up.id, o.title, '',
        'top_down', m.id, '', '{{}}', o.place, 1, %(began)s, m.id, %(began)s, m.id
    FROM engagements_engagement e
    CROSS JOIN unnest(%(teams)s::text[], %(objectives)s::text[])
        WITH ORDINALITY o (team, title, place)
    JOIN okrs_cycle c ON c.engagement_id = e.id
    JOIN {_member(owner, "m")}
    LEFT JOIN okrs_team t ON t.engagement_id = e.id AND t.name = o.team
    LEFT JOIN okrs_objective up ON up.engagement_id = e.id
    WHERE {SEEDED} AND {which} ORDER BY e.id, o.place
    """
    for owner, which in (("'lead'", "o.place = 1"), ("'champion'", "o.place > 1"))
)
KEY_RESULTS = f"""
    WITH e AS MATERIALIZED (
        SELECT e.id, e.time_zone, s.*, {SLOT.format(shape="s.shape")} AS slot
        FROM engagements_engagement e CROSS JOIN {SHAPE} WHERE {SEEDED}
    )
    INSERT INTO okrs_keyresult (engagement_id, public_id, objective_id, metric_id, title, owner_id,
        method, direction, baseline, target, ladder, starts_on, due_on, weight, indicator,
        commitment, reasons, position, version, created_at, created_by_id, committed_at,
        committed_by_id, early_until, stage, latest_value, score, rag, confidence, measured_on,
        checked_in_at, last_period, last_week, red_since, red_reported, insight, next_action,
        next_action_due, evidence_url, trail)
    SELECT e.id, 'seedresult' || lpad(e.shape::text, 2, '0'), o.id, d.id, e.title, m.id,
        t.method, t.direction, t.baseline, t.target, t.ladder, %(starts_on)s, %(ends_on)s, 1,
        CASE e.shape %% 2 WHEN 0 THEN 'leading' ELSE 'lagging' END,
        CASE e.shape %% 4 WHEN 3 THEN 'aspirational' ELSE 'committed' END, '{{}}',
        1 + e.shape %% 4, 1, %(began)s, o.owner_id, %(began)s, o.owner_id, t.early_until, t.stage,
        t.actual, t.score, t.rag, t.confidence, t.monday, {POSTED_AT}, t.monday, t.monday,
        t.red_since, t.red_reported, t.insight, t.next_action, t.monday + 7, t.evidence_url, t.trail
    FROM e
    JOIN {STANDING} ON t.shape = e.shape AND t.slot = e.slot
    JOIN okrs_objective o ON o.engagement_id = e.id AND o.position = 1 + e.shape / 4
    JOIN metrics_metric d ON d.engagement_id = e.id AND d.name = e.title
    JOIN {_member("e.owner", "m")}
    ORDER BY e.id, e.shape
"""
CONTRIBUTION_LINKS = f"""
    INSERT INTO okrs_contributionlink (engagement_id, public_id, source_id, target_id, how)
    SELECT k.engagement_id, {ID}, k.id, up.id, 'Who finds it comes back for it.'
    FROM okrs_keyresult k
    JOIN okrs_keyresult up ON up.engagement_id = k.engagement_id
        AND up.public_id = 'seedresult00'
    WHERE k.public_id IN ('seedresult04', 'seedresult08', 'seedresult12')
"""
# Of one week, in turn: the weeks of a key result lie as far apart as if they had been posted.
CHECK_INS = f"""
    WITH e AS MATERIALIZED (
        SELECT e.id, e.time_zone, k.id AS key_result_id, k.owner_id, s.shape,
            {SLOT.format(shape="s.shape")} AS slot
        FROM engagements_engagement e
        JOIN okrs_keyresult k ON k.engagement_id = e.id
        CROSS JOIN LATERAL (SELECT right(k.public_id, 2)::integer AS shape) s
        WHERE {SEEDED} ORDER BY k.id
    )
    INSERT INTO checkins_checkin (engagement_id, public_id, key_result_id, kind, period, week,
        measured_on, actual, out_of_range_confirmed, score, rag, confidence, insight, next_action,
        next_action_due, is_thin, evidence_url, due_at, closes_at, method, direction, baseline,
        target, ladder, author_id, posted_at, seconds_spent, idempotency_key)
    SELECT e.id, {ID}, e.key_result_id, 'update', t.monday, t.monday, t.monday, t.actual, false,
        t.score, t.rag, t.confidence, t.insight, t.next_action, t.monday + 7, t.is_thin,
        t.evidence_url, (t.monday + time '10:00') AT TIME ZONE e.time_zone,
        (t.monday + 7)::timestamp AT TIME ZONE e.time_zone, t.method, t.direction, t.baseline,
        t.target, t.ladder, e.owner_id, {POSTED_AT}, t.seconds, gen_random_uuid()
    FROM e JOIN {POST} ON t.shape = e.shape AND t.slot = e.slot
"""
ASKS = """
    FROM okrs_keyresult k
    JOIN checkins_checkin c ON c.engagement_id = k.engagement_id AND c.key_result_id = k.id
        AND c.period = k.last_period
"""
BLOCKERS = f"""
    INSERT INTO checkins_blocker (engagement_id, public_id, key_result_id, check_in_id, text,
        opened_by_id, opened_at)
    SELECT k.engagement_id, {ID}, k.id, c.id, 'The supplier has not signed yet.', c.author_id,
        c.posted_at
    {ASKS} WHERE k.red_since IS NOT NULL AND k.position %% 2 = 0
"""
HELP_REQUESTS = f"""
    INSERT INTO checkins_helprequest (engagement_id, public_id, key_result_id, check_in_id, text,
        asked_by_id, asked_at, answer)
    SELECT k.engagement_id, {ID}, k.id, c.id, 'Can somebody get us into the legal queue?',
        c.author_id, c.posted_at, ''
    {ASKS} WHERE k.confidence = 2 AND k.position %% 2 = 1
"""
