from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("deals", "0006_events_by_time")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["at", "deal"], name="event_owner", condition=Q(kind="owner")
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["value", "deal"], name="event_taker", condition=Q(kind="owner")
            ),
        ),
    ]
