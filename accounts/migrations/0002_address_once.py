import tenancy.models
from django.db import migrations, models


def clean_addresses(apps, schema_editor):
    """Store each address as it is compared, unless another account has that form of it."""
    rows = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    taken = set(rows.values_list("email", flat=True))
    for row in rows.order_by("pk").only("email"):
        address = tenancy.models.address_key(row.email)
        if address != row.email and address not in taken:
            taken.add(address)
            rows.filter(pk=row.pk).update(email=address)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="user", name="user_email_any_case"),
        migrations.AlterField(
            model_name="user", name="email", field=tenancy.models.AddressField(max_length=254)
        ),
        migrations.RunPython(clean_addresses, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", ""),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                fields=["email"],
                name="user_email_once",
                violation_error_code="taken",
                violation_error_message="Another account uses this address.",
            ),
        ),
    ]
