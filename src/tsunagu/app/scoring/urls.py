"""Addresses under ``/settings/model/``."""

from django.urls import path

from tsunagu.app.scoring import views

app_name = "scoring"
urlpatterns = [
    path("", views.model, name="model"),
    path("fit/", views.fit, name="fit"),
    path("stop/<int:pk>/", views.stop, name="stop"),
    path("run/", views.run, name="run"),
]
