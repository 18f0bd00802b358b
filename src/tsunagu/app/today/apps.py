"""Tells Django about this application."""

from django.apps import AppConfig


class TodayConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.today"
    label = "today"
