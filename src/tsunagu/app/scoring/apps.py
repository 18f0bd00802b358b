"""Tells Django about this application."""

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.scoring"
    label = "scoring"
