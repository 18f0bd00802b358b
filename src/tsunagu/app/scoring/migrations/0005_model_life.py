"""Versions get a state in place of ``active``, and what their life leaves behind."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def from_active(apps: Any, editor: Any) -> None:
    versions = apps.get_model("scoring", "RiskModelVersion").objects
    versions.filter(active=False).update(state="retired")
    versions.filter(active=True).update(state="champion", used_since=models.F("created_at"))


def to_active(apps: Any, editor: Any) -> None:
    versions = apps.get_model("scoring", "RiskModelVersion").objects
    versions.filter(state="champion").update(active=True)


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0004_outside_models"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "riskmodelversion",
            "state",
            models.CharField(
                choices=[
                    ("challenger", "being compared"),
                    ("champion", "in use"),
                    ("retired", "used earlier"),
                    ("rejected", "not taken"),
                ],
                default="challenger",
                max_length=10,
            ),
        ),
        migrations.AddField("riskmodelversion", "used_since", models.DateTimeField(null=True)),
        migrations.AddField(
            "riskmodelversion", "fingerprint", models.CharField(blank=True, max_length=64)
        ),
        migrations.AddField("riskmodelversion", "verdict", models.JSONField(default=dict)),
        migrations.AddField("riskmodelversion", "card", models.JSONField(default=dict)),
        migrations.AddField("riskmodelversion", "reference", models.JSONField(default=dict)),
        migrations.AddField("riskmodelversion", "drift", models.JSONField(default=dict)),
        migrations.AddField(
            "riskmodelversion",
            "against",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="scoring.riskmodelversion",
            ),
        ),
        migrations.RunPython(from_active, to_active),
        migrations.RemoveConstraint("riskmodelversion", "one_active_model"),
        migrations.RemoveField("riskmodelversion", "active"),
        migrations.AddConstraint(
            "riskmodelversion",
            models.UniqueConstraint(
                "state",
                condition=models.Q(("state", "champion")),
                name="one_champion",
            ),
        ),
        migrations.AlterModelOptions("riskmodelversion", {"ordering": ["-created_at", "-pk"]}),
        migrations.CreateModel(
            name="DriftFinding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("features", "What deals look like"),
                            ("calibration", "Break-offs against the forecast"),
                            ("volume", "Number of records"),
                        ],
                        max_length=12,
                    ),
                ),
                ("subject", models.CharField(max_length=200)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("reading", models.JSONField(default=dict)),
                (
                    "noted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-since", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("kind", "subject"),
                        name="one_open_finding",
                    )
                ],
            },
        ),
    ]
