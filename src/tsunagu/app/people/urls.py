"""Addresses under ``/people/``."""

from django.urls import path

from tsunagu.app.people import views

app_name = "people"
urlpatterns = [path("language/", views.choose_language, name="language")]
