"""Addresses under ``/deals/``."""

from django.urls import path

from tsunagu.app.deals import forms, new_deal_views, views

app_name = "deals"
urlpatterns = [
    path("", views.deals, name="list"),
    path("board/", views.board, name="board"),
    path("board/<int:pk>/", views.column, name="column"),
    path("new/", new_deal_views.new, name="new"),
    path("new/customers/", new_deal_views.customers, name="new_customers"),
    path("<int:pk>/", views.deal, name="detail"),
    path("<int:pk>/chart/", views.chart, name="chart"),
    path("<int:pk>/drop/", views.drop, name="drop"),
    *(
        path(f"<int:pk>/{name.replace('_', '-')}/", views.sheet, {"name": name}, name=name)
        for name in forms.SHEETS
    ),
]
