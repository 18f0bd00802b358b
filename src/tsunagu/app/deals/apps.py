"""Tells Django about this application."""

from django.apps import AppConfig


class DealsConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.deals"
    label = "deals"
