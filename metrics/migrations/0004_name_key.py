import tenancy.models
from django.db import migrations, models
from tenancy.text import comparable


def fill_keys(apps, schema_editor):
    """Compute the key of each name; of two that are one by now, the newer stays until it is renamed."""
    rows = apps.get_model("metrics", "Metric").objects.using(schema_editor.connection.alias)
    taken = set()
    for row in rows.order_by("pk").only("engagement_id", "name"):
        key = comparable(row.name)
        if (row.engagement_id, key) in taken:
            key = f"{key} #{row.pk}"
        taken.add((row.engagement_id, key))
        rows.filter(pk=row.pk).update(name_key=key)


class Migration(migrations.Migration):
    dependencies = [("metrics", "0003_longer_links")]

    operations = [
        migrations.RemoveConstraint(model_name="metric", name="metric_name_once"),
        migrations.AddField(
            model_name="metric",
            name="name_key",
            field=tenancy.models.KeyField(of="name", default=""),
            preserve_default=False,
        ),
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", ""),
        migrations.AddConstraint(
            model_name="metric",
            constraint=models.UniqueConstraint(
                fields=["engagement", "name_key"],
                name="metric_name_once",
                violation_error_code="duplicate",
                violation_error_message="A metric with this name exists. Choose another name.",
            ),
        ),
    ]
