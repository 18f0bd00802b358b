"""Addresses under ``/followup/``."""

from django.urls import path

from tsunagu.app.followup import sheets, views

app_name = "followup"
urlpatterns = [
    *(
        path(f"cases/<int:pk>/{name}/", views.write, {"name": name}, name=name)
        for name in sheets.WRITING
    ),
    path("cases/<int:pk>/call/", views.call, name="call"),
    path("cases/<int:pk>/panel/", views.panel, name="panel"),
    path("<int:pk>/", views.show, name="show"),
    path("<int:pk>/print/", views.printed, name="print"),
    *(path(f"<int:pk>/{name}/", views.step, {"name": name}, name=name) for name in sheets.STEPS),
]
