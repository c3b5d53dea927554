from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0003_accepted'),
    ]

    operations = [
        migrations.CreateModel(
            name='Turn',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('token', models.UUIDField()),
                ('until', models.DateTimeField()),
            ],
        ),
    ]
