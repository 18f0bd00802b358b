"""Tells Django about this application."""

from django.apps import AppConfig


class FollowupConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.followup"
    label = "followup"
