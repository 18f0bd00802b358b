"""Addresses under ``/imports/``."""

from django.urls import path

from tsunagu.app.exchange import views

app_name = "imports"
urlpatterns = [
    path("", views.imports, name="list"),
    path("<int:pk>/", views.show, name="show"),
    path("<int:pk>/columns/", views.columns, name="columns"),
    path("<int:pk>/sheet/", views.sheet, name="sheet"),
    path("<int:pk>/status/", views.status, name="status"),
    path("<int:pk>/start/", views.start, name="start"),
    path("<int:pk>/cancel/", views.cancel, name="cancel"),
    path("<int:pk>/undo/", views.undo, name="undo"),
    path("<int:pk>/problems/", views.problems, name="problems"),
    path("<int:pk>/rejects/", views.rejects, name="rejects"),
]
