"""The address that customers open, under ``/ask/``."""

from django.urls import path

from tsunagu.app.interruptions import customer_views

app_name = "customer"
urlpatterns = [path("<str:token>/", customer_views.form, name="form")]
