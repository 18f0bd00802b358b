"""Addresses under ``/room/``."""

from django.urls import path

from tsunagu.app.rooms import notice_views, views

app_name = "rooms"
urlpatterns = [
    path("notices/", notice_views.inbox, name="notices"),
    path("notices/count/", notice_views.count, name="count"),
    path("notices/read/", notice_views.read_all, name="read_all"),
    path("notices/<int:pk>/", notice_views.follow, name="notice"),
    path("advice/<int:pk>/", notice_views.advice, name="advice"),
    path("comments/<int:pk>/decision/", views.decision, name="decision"),
    path("comments/<int:pk>/correct/", views.correct, name="correct"),
    path("files/<int:pk>/", views.file, name="file"),
    path("files/<int:pk>/remove/", views.remove_file, name="file_remove"),
    path("<int:pk>/timeline/", views.timeline_page, name="timeline"),
    path("<int:pk>/comment/", views.comment, name="comment"),
    path("<int:pk>/people/", views.people, name="people"),
    path("<int:pk>/watch/", views.watch, name="watch"),
    path("<int:pk>/ask/", views.ask, name="ask"),
]
