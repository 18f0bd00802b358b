"""Tells Django about this application."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.config"
    label = "config"
