from django.db import migrations, models

GRADES = [(1, "very light"), (2, "light"), (3, "medium"), (4, "heavy"), (5, "very heavy")]


class Migration(migrations.Migration):
    dependencies = [("interruptions", "0005_withdrawn")]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="grade",
            field=models.SmallIntegerField(choices=GRADES, null=True),
        ),
        migrations.AddField(
            model_name="interruption",
            name="grade",
            field=models.SmallIntegerField(
                choices=GRADES, editable=False, null=True, verbose_name="how serious it looks"
            ),
        ),
    ]
