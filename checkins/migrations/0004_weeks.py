"""Which calendar week each check-in stands for, and what follows from it, for rows from before."""

from django.db import migrations

WEEKS = """
    ALTER TABLE checkins_checkin DISABLE TRIGGER USER;
    UPDATE checkins_checkin c
    SET week = CASE
        WHEN (c.posted_at AT TIME ZONE e.time_zone)::date < c.period + 7 THEN c.period
        ELSE date_trunc('week', c.posted_at AT TIME ZONE e.time_zone)::date
    END
    FROM engagements_engagement e WHERE e.id = c.engagement_id;
    ALTER TABLE checkins_checkin ENABLE TRIGGER USER;
"""

STANDINGS = """
    WITH weekly AS (
        SELECT DISTINCT ON (engagement_id, key_result_id, week)
            engagement_id, key_result_id, week, kind, rag
        FROM checkins_checkin ORDER BY engagement_id, key_result_id, week, id DESC
    ), calm AS (
        SELECT engagement_id, key_result_id, max(week) AS week
        FROM weekly WHERE kind = 'update' AND rag <> 'red' GROUP BY engagement_id, key_result_id
    ), red AS (
        SELECT w.engagement_id, w.key_result_id, min(w.week) AS since, count(*) AS reported
        FROM weekly w LEFT JOIN calm c USING (engagement_id, key_result_id)
        WHERE w.kind = 'update' AND w.rag = 'red' AND (c.week IS NULL OR w.week > c.week)
        GROUP BY w.engagement_id, w.key_result_id
    )
    UPDATE okrs_keyresult k
    SET red_since = CASE WHEN k.rag = 'red' THEN coalesce(red.since, k.red_since) END,
        red_reported = CASE WHEN k.rag = 'red' THEN coalesce(red.reported, 1) ELSE 0 END,
        last_week = newest.week
    FROM checkins_checkin newest LEFT JOIN red USING (engagement_id, key_result_id)
    WHERE newest.engagement_id = k.engagement_id AND newest.key_result_id = k.id
      AND newest.period = k.last_period AND newest.kind = 'update'
      AND NOT EXISTS (
        SELECT 1 FROM checkins_checkin later
        WHERE later.engagement_id = newest.engagement_id AND later.supersedes_id = newest.id
      )
"""

# The last day whose pace, rounded half up to two places, is at most 0.30, of a ladder 0.67 (M7.2).
EARLY = """
    UPDATE okrs_keyresult
    SET early_until = starts_on - 1 + ceil(
        (CASE method WHEN 'ladder' THEN 0.675 ELSE 0.305 END) * (due_on - starts_on)
    )::int
    WHERE committed_at IS NOT NULL AND due_on > starts_on
"""


class Migration(migrations.Migration):
    dependencies = [("checkins", "0003_reminders"), ("okrs", "0003_reminders")]

    operations = [
        migrations.RunSQL(WEEKS, migrations.RunSQL.noop),
        migrations.RunSQL(STANDINGS, migrations.RunSQL.noop),
        migrations.RunSQL(EARLY, migrations.RunSQL.noop),
    ]
