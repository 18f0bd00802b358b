"""Tells Django about this application."""

from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.organisation"
    label = "organisation"
