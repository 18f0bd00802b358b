"""Addresses under ``/deals/``."""

from django.urls import path

from tsunagu.app.deals import views

app_name = "deals"
urlpatterns = [
    path("", views.deals, name="list"),
    path("<int:pk>/", views.deal, name="detail"),
]
