"""Addresses under ``/interruptions/``."""

from tsunagu.app.interruptions.case_urls import urlpatterns as case_urls

app_name = "interruptions"
urlpatterns = [*case_urls]
