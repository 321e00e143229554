import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("migrator", "0003_staged_values")]

    operations = [
        migrations.AddField(
            model_name="preference", name="keys", field=models.JSONField(blank=True, default=dict)
        ),
        migrations.AddIndex(
            model_name="stagedtarget",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["phones"], name="staged_target_by_phone"
            ),
        ),
    ]
