from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("migrator", "0004_keys_and_phones")]

    operations = [
        migrations.AddField(
            model_name="budget", name="parts", field=models.JSONField(blank=True, default=list)
        ),
        migrations.AddField(
            model_name="budget", name="throttled_in_a_row", field=models.PositiveSmallIntegerField(default=0)
        ),
    ]
