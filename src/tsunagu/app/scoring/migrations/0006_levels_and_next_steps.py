"""Levels of late, pruned files, verdicts and next steps; nothing waits half-compared any more."""

from typing import Any

from django.db import migrations, models


def forget_uncompared(apps: Any, editor: Any) -> None:
    """Challengers that a worker left behind when it died; none was ever used."""
    apps.get_model("scoring", "RiskModelVersion").objects.filter(state="challenger").delete()


class Migration(migrations.Migration):
    dependencies = [("scoring", "0005_model_life")]

    operations = [
        migrations.AddField("riskmodelversion", "level", models.JSONField(default=dict)),
        migrations.AddField("riskmodelversion", "level_at", models.DateTimeField(null=True)),
        migrations.AddField("riskmodelversion", "pruned_at", models.DateTimeField(null=True)),
        migrations.AddField("score", "verdicts", models.JSONField(default=list)),
        migrations.AddField("score", "next_steps", models.JSONField(default=list)),
        migrations.AlterField(
            "riskmodelversion",
            "state",
            models.CharField(
                choices=[
                    ("champion", "in use"),
                    ("retired", "used earlier"),
                    ("rejected", "not taken"),
                ],
                max_length=10,
            ),
        ),
        migrations.RunPython(forget_uncompared, migrations.RunPython.noop),
    ]
