"""Addresses under ``/customers/``."""

from django.urls import path

from tsunagu.app.customers import views

app_name = "customers"
urlpatterns = [path("", views.customers, name="list")]
