"""Tells Django about this application."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.exchange"
    label = "exchange"
