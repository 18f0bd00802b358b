"""Tells Django about this application."""

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.knowledge"
    label = "knowledge"
