"""Tells Django about this application."""

from django.apps import AppConfig


class InterruptionsConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.interruptions"
    label = "interruptions"
