"""Addresses under ``/interruptions/``."""

from django.urls import path

from tsunagu.app.interruptions import forms, views
from tsunagu.app.interruptions.case_urls import urlpatterns as case_urls

app_name = "interruptions"
urlpatterns = [
    path("", views.inbox, name="list"),
    path("count/", views.count, name="count"),
    path("all/", views.every, name="all"),
    path("quality/", views.quality_page, name="quality"),
    path("thresholds/", views.thresholds, name="thresholds"),
    path("board/", views.board, name="board"),
    path("deal/<int:pk>/open/", views.open_by_hand, name="open"),
    path("<int:pk>/reopen/", views.reopen, name="reopen"),
    *(path(f"<int:pk>/{name}/", views.sheet, {"name": name}, name=name) for name in forms.SHEETS),
    *case_urls,
]
