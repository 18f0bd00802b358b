"""Addresses under ``/team/``."""

from django.urls import path

from tsunagu.app.today import views

app_name = "team"
urlpatterns = [path("", views.team, name="show")]
