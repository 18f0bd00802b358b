"""Tells Django about this application."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PlaybooksConfig(AppConfig):
    """The application's name and label; after a migration the shipped playbooks are loaded."""

    name = "tsunagu.app.playbooks"
    label = "playbooks"

    def ready(self) -> None:
        """Ask to be told of migrations, however they are run."""
        post_migrate.connect(_load_shipped, sender=self)


def _load_shipped(**_told: Any) -> None:
    from tsunagu.app.playbooks.shipping import load_where_migrated

    load_where_migrated()
