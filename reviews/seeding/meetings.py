"""The statements for what reviews left behind: one that is closed and published, one ahead.

The database seals the decisions as they come in, one after the other.
"""

from __future__ import annotations

from engagements.tenancy import NEW_PUBLIC_ID as ID
from reviews.seeding.statements import SEEDED

LEAD = "engagements_membership m ON m.engagement_id = e.id AND m.role = 'lead'"
# How each key result stood by the last check-in before the review, by public id.
STANDINGS = """
    (SELECT jsonb_object_agg(k.public_id, jsonb_build_object('title', k.title, 'rag', c.rag,
        'value', trim_scale(c.actual)::text, 'score', c.score::text))
     FROM okrs_keyresult k
     CROSS JOIN LATERAL (
        SELECT * FROM checkins_checkin c
        WHERE c.engagement_id = k.engagement_id AND c.key_result_id = k.id
          AND c.period <= %(reviewed_on)s
        ORDER BY c.period DESC, c.id DESC LIMIT 1
     ) c
     WHERE k.engagement_id = e.id)
"""
REVIEWS = f"""
    INSERT INTO reviews_review (engagement_id, public_id, kind, title, scheduled_at, minutes,
        lead_id, started_at, closed_at, closed_by_id, on_outcomes, evidence_weekly,
        moved_resources, closing_note, version, room, drawn_from, standings)
    SELECT e.id, {ID}, 'monthly', 'Monthly review', %(reviewed_at)s, 60, m.id, %(reviewed_at)s,
        %(closed_at)s, m.id, true, true, false, '', 1, 1, 0, coalesce({STANDINGS}, '{{}}')
    FROM engagements_engagement e JOIN {LEAD} WHERE {SEEDED}
    UNION ALL
    SELECT e.id, {ID}, 'monthly', 'Monthly review', %(review_ahead_at)s, 60, m.id, NULL, NULL,
        NULL, NULL, NULL, NULL, '', 1, 1, 0, '{{}}'
    FROM engagements_engagement e JOIN {LEAD} WHERE {SEEDED}
"""
SUMMARIES = f"""
    INSERT INTO reviews_summary (engagement_id, public_id, review_id, drafted_at, version, headline,
        moved, red, decided, next_steps)
    SELECT engagement_id, {ID}, id, closed_at, 1, %(headline)s, %(moved)s, %(red)s, %(decided)s,
        %(next_steps)s
    FROM reviews_review WHERE closed_at IS NOT NULL
"""
DECISIONS = f"""
    INSERT INTO reviews_decision (engagement_id, public_id, number, decided_on, text, owner_id,
        due_on, change, touches, evidence, client_visible, review_id, recorded_by_id, recorded_at,
        idempotency_key, previous_hash, hash)
    SELECT r.engagement_id, {ID}, 0, %(reviewed_on)s, d.text, o.owner_id, %(due_on)s, d.change,
        jsonb_build_array(jsonb_build_object('objective', o.public_id, 'title', o.title)), '[]',
        d.place < 3, r.id, r.lead_id, r.started_at + make_interval(mins => d.place::integer),
        gen_random_uuid(), '', ''
    FROM reviews_review r
    CROSS JOIN (VALUES (1, 'Move the offer to day twenty for all new accounts', 'bet'),
        (2, 'Give the second feed an engineer until the cycle ends', 'resources'),
        (3, 'Leave the target of the loyalty plan as it is', 'none')) d (place, text, change)
    JOIN okrs_objective o ON o.engagement_id = r.engagement_id AND o.position = d.place
    WHERE r.closed_at IS NOT NULL ORDER BY r.engagement_id, d.place
"""
ACTION_ITEMS = f"""
    INSERT INTO reviews_actionitem (engagement_id, public_id, review_id, objective_id, what,
        owner_id, due_on, created_by_id, created_at, idempotency_key)
    SELECT r.engagement_id, {ID}, r.id, o.id, 'Send the new terms to ' || o.title, o.owner_id,
        %(monday)s::date + CASE o.position WHEN 1 THEN -3 ELSE 4 END, r.lead_id, r.closed_at,
        gen_random_uuid()
    FROM reviews_review r
    JOIN okrs_objective o ON o.engagement_id = r.engagement_id AND o.position <= 2
    WHERE r.closed_at IS NOT NULL
"""
# The page that a client of the same stories has, under this one's name.
REPORTS = f"""
    INSERT INTO reviews_statusreport (engagement_id, public_id, headline, moved, red, decided,
        next_steps, number, review_id, page, head_number, head_hash, published_by_id, published_at)
    SELECT e.id, {ID}, p.headline, p.moved, p.red, p.decided, p.next_steps, p.number, r.id,
        p.page || jsonb_build_object('client', e.client_name, 'report', p.page -> 'report'
            || jsonb_build_object('by', m.name, 'head', h.number || ':' || left(h.hash, 16))),
        h.number, h.hash, m.id, p.published_at
    FROM engagements_engagement e
    JOIN {LEAD}
    JOIN reviews_review r ON r.engagement_id = e.id AND r.closed_at IS NOT NULL
    JOIN reviews_decisionhead h ON h.engagement_id = e.id
    JOIN engagements_engagement alike
      ON alike.slug = 'seed-' || 1 + (split_part(e.slug, '-', 2)::integer - 1) %% %(slots)s
    JOIN reviews_statusreport p ON p.engagement_id = alike.id
    WHERE {SEEDED} AND e.id <> alike.id
"""
