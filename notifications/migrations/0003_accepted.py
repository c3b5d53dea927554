from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0002_heartbeat'),
    ]

    operations = [
        migrations.AddField(
            model_name='outboxmessage',
            name='accepted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
