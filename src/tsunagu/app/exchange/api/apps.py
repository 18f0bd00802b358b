"""Tells Django about this application."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.exchange.api"
    label = "api"
