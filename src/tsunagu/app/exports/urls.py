"""Addresses under ``/exports/``."""

from django.urls import path

from tsunagu.app.exports import views

app_name = "exports"
urlpatterns = [
    path("", views.exports, name="list"),
    path("log/", views.log, name="log"),
    path("archive/", views.archive, name="archive"),
    path("new/<slug:name>/", views.new, name="new"),
    path("<int:pk>/", views.show, name="show"),
    path("<int:pk>/status/", views.status, name="status"),
    path("<int:pk>/file/", views.file, name="file"),
]
