from django.db import migrations, models

# What was spent in the window so far counts on, as if it had been spent when that window began.
FILL = """
update migrator_budget
set parts = jsonb_build_array(jsonb_build_array(
    floor(extract(epoch from window_started_at) * 144 / token_window_s)::bigint, spent))
where spent > 0 and token_window_s > 0 and window_started_at is not null
"""


class Migration(migrations.Migration):
    dependencies = [("migrator", "0004_keys_and_phones")]

    operations = [
        migrations.AddField(
            model_name="budget", name="parts", field=models.JSONField(blank=True, default=list)
        ),
        migrations.AddField(
            model_name="budget", name="throttled_in_a_row", field=models.PositiveSmallIntegerField(default=0)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
