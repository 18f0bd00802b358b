"""Addresses under ``/today/``."""

from django.urls import path

from tsunagu.app.today import views

app_name = "today"
urlpatterns = [
    path("", views.today, name="list"),
    path("<int:pk>/", views.card, name="card"),
]
