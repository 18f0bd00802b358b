"""Tells Django about this application."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.people"
    label = "people"
