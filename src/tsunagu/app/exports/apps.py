"""Tells Django about this application."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.exports"
    label = "exports"
