import tenancy.models
from django.db import migrations, models


def clean_addresses(apps, schema_editor):
    """Store each address as it is compared, unless the client has another row in that form."""
    rows = apps.get_model("engagements", "Membership").objects.using(schema_editor.connection.alias)
    taken = set(rows.values_list("engagement_id", "email"))
    for row in rows.order_by("pk").only("engagement_id", "email"):
        address = row.engagement_id, tenancy.models.address_key(row.email)
        if address[1] != row.email and address not in taken:
            taken.add(address)
            rows.filter(pk=row.pk).update(email=address[1])


class Migration(migrations.Migration):
    dependencies = [("engagements", "0004_locale")]

    operations = [
        migrations.RemoveConstraint(model_name="membership", name="membership_email_once"),
        migrations.AlterField(
            model_name="membership", name="email", field=tenancy.models.AddressField(max_length=254)
        ),
        migrations.AlterField(
            model_name="membershipevent",
            name="email",
            field=tenancy.models.AddressField(max_length=254),
        ),
        migrations.AlterField(
            model_name="engagement", name="slug", field=models.SlugField(max_length=60)
        ),
        migrations.RunPython(clean_addresses, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", ""),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                fields=["engagement", "email"],
                name="membership_email_once",
                violation_error_code="already_member",
                violation_error_message="Someone here has this address. Enter another one.",
            ),
        ),
        migrations.AddConstraint(
            model_name="engagement",
            constraint=models.UniqueConstraint(
                fields=["slug"],
                name="engagement_slug_once",
                violation_error_code="slug_taken",
                violation_error_message="This address is taken. Choose another one.",
            ),
        ),
    ]
