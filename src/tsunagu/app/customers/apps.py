"""Tells Django about this application."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """The application's name and label."""

    name = "tsunagu.app.customers"
    label = "customers"
