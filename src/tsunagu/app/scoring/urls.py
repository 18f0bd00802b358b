"""Addresses under ``/settings/model/``."""

from django.urls import path

from tsunagu.app.scoring import views

app_name = "scoring"
urlpatterns = [
    path("", views.model, name="model"),
    path("fit/", views.fit, name="fit"),
    path("stop/<int:pk>/", views.stop, name="stop"),
    path("run/", views.run, name="run"),
    path("chart/", views.chart, name="chart"),
    path("<int:pk>/", views.version, name="version"),
    path("<int:pk>/use/", views.use, name="use"),
    path("drift/<int:pk>/note/", views.note, name="note"),
]
