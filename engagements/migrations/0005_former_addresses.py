"""Sign-in lists no address that its person has changed away from."""

from django.db import migrations
from django.db.models import F
from django.db.models.functions import Lower


def forget_former_addresses(apps, schema_editor):
    """Each opened the account from the old mailbox: by a code, or by a new password."""
    listed = apps.get_model("account", "EmailAddress").objects.using(schema_editor.connection.alias)
    listed.annotate(own=Lower("user__email")).exclude(email__iexact=F("own")).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("engagements", "0004_settings"),
    ]

    operations = [migrations.RunPython(forget_former_addresses, migrations.RunPython.noop)]
