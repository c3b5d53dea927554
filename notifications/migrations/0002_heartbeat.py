from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('ran_at', models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(
            sql="INSERT INTO notifications_heartbeat (name, ran_at) VALUES ('installation', now())",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
