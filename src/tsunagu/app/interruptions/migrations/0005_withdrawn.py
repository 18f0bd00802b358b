from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("interruptions", "0004_restart_plan")]

    operations = [
        migrations.AddField(
            model_name="inquiry",
            name="withdrawn_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
