import tenancy.models
from django.db import migrations, models
from tenancy.text import comparable

# Field, and the columns among which its key is unique.
COMPARED = {
    "Cycle": ("name", ("engagement_id",)),
    "Team": ("name", ("engagement_id",)),
    "Objective": ("title", ("engagement_id", "cycle_id")),
    "KeyResult": ("title", ("engagement_id", "objective_id")),
}
MESSAGES = {
    "cycle": "A cycle with this name exists. Choose another name.",
    "team": "A team with this name exists. Choose another name.",
}
TITLE_TAKEN = "This title exists already: open that one, or change this one."


def fill_keys(apps, schema_editor):
    """Compute the key of each name; of two that are one by now, the newer stays until it is renamed."""
    for model, (field, among) in COMPARED.items():
        rows = apps.get_model("okrs", model).objects.using(schema_editor.connection.alias)
        taken = set()
        for row in rows.order_by("pk").only(field, *among):
            key = comparable(getattr(row, field))
            place = tuple(getattr(row, column) for column in among)
            if (place, key) in taken:
                key = f"{key} #{row.pk}"
            taken.add((place, key))
            rows.filter(pk=row.pk).update(**{f"{field}_key": key})


class Migration(migrations.Migration):
    dependencies = [("okrs", "0004_audit_answer")]

    operations = [
        migrations.RemoveConstraint(model_name="cycle", name="cycle_name_once"),
        migrations.RemoveConstraint(model_name="keyresult", name="keyresult_said_once"),
        migrations.RemoveConstraint(model_name="objective", name="objective_said_once"),
        migrations.RemoveConstraint(model_name="team", name="team_name_once"),
        *(
            migrations.AddField(
                model_name=model.lower(),
                name=f"{field}_key",
                field=tenancy.models.KeyField(of=field, default=""),
                preserve_default=False,
            )
            for model, (field, _) in COMPARED.items()
        ),
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", ""),
        *(
            migrations.AddConstraint(
                model_name=model,
                constraint=models.UniqueConstraint(
                    fields=["engagement", "name_key"],
                    name=f"{model}_name_once",
                    violation_error_code="name",
                    violation_error_message=MESSAGES[model],
                ),
            )
            for model in ("cycle", "team")
        ),
        *(
            migrations.AddConstraint(
                model_name=model,
                constraint=models.UniqueConstraint(
                    fields=["engagement", parent, "title_key"],
                    name=f"{model}_said_once",
                    violation_error_code="said_twice",
                    violation_error_message=TITLE_TAKEN,
                ),
            )
            for model, parent in (("objective", "cycle"), ("keyresult", "objective"))
        ),
    ]
