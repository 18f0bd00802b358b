"""Tells Django about this application."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.webhooks"
    label = "webhooks"
