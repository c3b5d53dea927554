"""The standing keeps the next action: written once for key results that have check-ins."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("checkins", "0001_initial"), ("okrs", "0002_status_pages")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE okrs_keyresult k
            SET next_action = c.next_action, next_action_due = c.next_action_due
            FROM checkins_checkin c
            WHERE c.engagement_id = k.engagement_id AND c.key_result_id = k.id
              AND c.period = k.last_period AND c.kind = 'update'
              AND NOT EXISTS (
                SELECT 1 FROM checkins_checkin later
                WHERE later.engagement_id = c.engagement_id AND later.supersedes_id = c.id
              )
            """,
            migrations.RunSQL.noop,
        )
    ]
