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
        migrations.AddField(
            model_name='outboxmessage',
            name='priority',
            field=models.PositiveSmallIntegerField(default=2),
        ),
        migrations.RemoveIndex(
            model_name='outboxmessage',
            name='outbox_due',
        ),
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(condition=models.Q(('cancelled_at', None), ('dead_at', None), ('sent_at', None)), fields=['priority', 'due_at'], name='outbox_due'),
        ),
    ]
