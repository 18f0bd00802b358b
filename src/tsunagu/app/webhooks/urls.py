"""Addresses under ``/settings/webhooks/``."""

from django.urls import path

from tsunagu.app.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("", views.endpoints, name="list"),
    path("add/", views.add, name="add"),
    path("<int:pk>/", views.show, name="show"),
    path("<int:pk>/secret/", views.secret, name="secret"),
    path("<int:pk>/messages/<int:message>/", views.message, name="message"),
    path("<int:pk>/messages/<int:message>/again/", views.message_again, name="message_again"),
    *(path(f"<int:pk>/{name}/", views.step, {"name": name}, name=name) for name in views.STEPS),
]
