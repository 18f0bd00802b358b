"""Tells Django about this application."""

from django.apps import AppConfig


class OutlookConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.outlook"
    label = "outlook"
