"""Addresses under ``/playbooks/``."""

from django.urls import path

from tsunagu.app.playbooks import book_views, views
from tsunagu.app.playbooks.sheets import TASK_SHEETS

app_name = "playbooks"
urlpatterns = [
    path("", book_views.books, name="list"),
    path("effects/", book_views.learn, name="effects"),
    path("add/", book_views.add, name="add"),
    path("<int:pk>/", book_views.book, name="book"),
    path("<int:pk>/edit/", book_views.edit, name="edit"),
    path("<int:pk>/preview/", book_views.preview, name="preview"),
    path("<int:pk>/change/", book_views.change, name="change"),
    path("versions/<int:pk>/restore/", book_views.restore, name="restore"),
    path("tasks/", views.tasks, name="tasks"),
    path("cases/<int:pk>/start/<int:playbook>/", views.start, name="start"),
    path("runs/<int:pk>/stop/", views.stop, name="stop"),
    *(
        path(f"tasks/<int:pk>/{name}/", views.task, {"name": name}, name=f"task_{name}")
        for name in TASK_SHEETS
    ),
]
