"""Addresses under ``/knowledge/``."""

from django.urls import path

from tsunagu.app.knowledge import review_views, views

app_name = "knowledge"
urlpatterns = [
    path("", views.lessons, name="list"),
    path("lessons/<int:pk>/", views.lesson, name="lesson"),
    path("improvements/", views.improvements, name="improvements"),
    path("improvements/<int:pk>/", views.improvement, name="improvement"),
    path("due/", views.due, name="due"),
    path("count/", views.count, name="count"),
    path("cases/<int:pk>/", review_views.review, name="review"),
    path("cases/<int:pk>/<slug:name>/", review_views.sheet, name="sheet"),
    path("cases/<int:pk>/<slug:name>/<int:item>/", review_views.sheet, name="item"),
]
