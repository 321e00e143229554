from django.db import migrations, models

# Where each case stands in the list; a new row gets it as it is written.
FILL = """
update reconciliation_casefacet f set group_order = i.group_order, rank = i.rank
from reconciliation_reviewitem i where i.id = f.item_id
"""


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0003_undos_without_a_person")]

    operations = [
        migrations.AddField(
            model_name="casefacet",
            name="group_order",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(model_name="casefacet", name="rank", field=models.BigIntegerField(default=0)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
