from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_initial")]

    operations = [migrations.RenameModel("Turn", "Lease")]
