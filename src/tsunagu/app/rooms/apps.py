"""Tells Django about this application."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.rooms"
    label = "rooms"
