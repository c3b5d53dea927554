"""Which week each check-in stands for, if it is thin, and what follows, for rows from before."""

from django.db import migrations

# Rows are append-only: their triggers stand aside while they are filled in. A zone that PostgreSQL
# does not know is read as UTC. One statement for both facts: a row that is written twice has checks of
# its keys pending, and then no trigger can be switched on again.
FACTS = """
    UPDATE checkins_checkin c
    SET week = CASE
        WHEN (c.posted_at AT TIME ZONE e.zone)::date < c.period + 7 THEN c.period
        ELSE date_trunc('week', c.posted_at AT TIME ZONE e.zone)::date
    END, is_thin = c.id IN (SELECT unnest(%s::bigint[]))
    FROM (
        SELECT g.id, coalesce(z.name, 'UTC') AS zone
        FROM engagements_engagement g LEFT JOIN pg_timezone_names z ON z.name = g.time_zone
    ) e
    WHERE e.id = c.engagement_id
"""
WORDS = "SELECT id, insight, next_action FROM checkins_checkin"
TRIGGERS = "ALTER TABLE checkins_checkin {} TRIGGER USER"

# As `checkins.weeks.red_run` judges (M7.1): in each week the last row stands. A week whose last row
# takes something back counts as calm where something of another week was taken back in it, else it
# stays as the week before. Red is whatever comes after the last calm week.
STANDINGS = """
    WITH weekly AS (
        SELECT c.engagement_id, c.key_result_id, c.week,
            (array_agg(c.kind ORDER BY c.id DESC))[1] AS kind,
            (array_agg(c.rag ORDER BY c.id DESC))[1] AS rag,
            bool_or(c.kind = 'undo' AND gone.week <> c.week) AS is_left
        FROM checkins_checkin c
        LEFT JOIN checkins_checkin gone
            ON gone.engagement_id = c.engagement_id AND gone.id = c.supersedes_id
        GROUP BY c.engagement_id, c.key_result_id, c.week
    ), judged AS (
        SELECT engagement_id, key_result_id, week, kind = 'update' AND rag = 'red' AS is_red
        FROM weekly WHERE kind = 'update' OR is_left
    ), calm AS (
        SELECT engagement_id, key_result_id, max(week) AS week
        FROM judged WHERE NOT is_red GROUP BY engagement_id, key_result_id
    ), red AS (
        SELECT j.engagement_id, j.key_result_id, min(j.week) AS since, count(*) AS reported
        FROM judged j LEFT JOIN calm c USING (engagement_id, key_result_id)
        WHERE j.is_red AND (c.week IS NULL OR j.week > c.week)
        GROUP BY j.engagement_id, j.key_result_id
    )
    UPDATE okrs_keyresult k
    SET red_since = CASE WHEN newest.rag = 'red' THEN red.since END,
        red_reported = CASE WHEN newest.rag = 'red' THEN coalesce(red.reported, 0) ELSE 0 END,
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

FEW_WORDS = 4


def fill_check_ins(apps, schema_editor):
    """The week, and whether it is thin, of each; words are counted as they are at posting."""
    connection = schema_editor.connection
    with connection.chunked_cursor() as words:
        words.execute(WORDS)
        thin = [
            pk for pk, *said in words if min(len(text.split()) for text in said) < FEW_WORDS
        ]
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS.format("DISABLE"))
        cursor.execute(FACTS, [thin])
        cursor.execute(TRIGGERS.format("ENABLE"))


class Migration(migrations.Migration):
    dependencies = [("checkins", "0003_reminders"), ("okrs", "0003_reminders")]

    operations = [
        migrations.RunPython(fill_check_ins, migrations.RunPython.noop),
        migrations.RunSQL(STANDINGS, migrations.RunSQL.noop),
        migrations.RunSQL(EARLY, migrations.RunSQL.noop),
    ]
