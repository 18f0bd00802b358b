"""What a decision rests on: a fact of the deal, and who said it; steps of the restart plan."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("interruptions", "0003_learned_causes"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="fact_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="decision",
            name="who",
            field=models.CharField(max_length=200, null=True),
        ),
        migrations.AlterField(
            model_name="decision",
            name="step",
            field=models.CharField(
                choices=[
                    ("open", "Opened"),
                    ("confirm", "Confirmed as an interruption"),
                    ("dismiss", "Dismissed as a false alarm"),
                    ("reopen", "Taken up again"),
                    ("causes", "Causes set"),
                    ("respond", "Response begun"),
                    ("explain", "Explained to the customer"),
                    ("restart", "Restart begun"),
                    ("needs", "Needs re-confirmed"),
                    ("stands", "Former proposal stands"),
                    ("offer", "Offer before the needs were re-confirmed"),
                    ("resume", "Sale resumed"),
                    ("ended", "Deal ended"),
                ],
                max_length=10,
            ),
        ),
    ]
