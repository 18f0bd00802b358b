"""Addresses under ``/customers/``; a customer's page shows its deals, so they stand here."""

from django.urls import path

from tsunagu.app.customers import views
from tsunagu.app.deals import customer_page

app_name = "customers"
urlpatterns = [
    path("", views.customers, name="list"),
    path("new/", views.add, name="add"),
    path("<int:pk>/", customer_page.show, name="detail"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/contacts/new/", views.add_contact, name="contact_add"),
    path("contacts/<int:pk>/", customer_page.contact, name="contact"),
    path("contacts/<int:pk>/left/", customer_page.left, name="contact_left"),
    path("contacts/<int:pk>/remove/", customer_page.remove, name="contact_remove"),
]
