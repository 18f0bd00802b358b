"""Addresses of one case, below ``/interruptions/``."""

from django.urls import path

from tsunagu.app.interruptions import case_views

urlpatterns = [
    path("<int:pk>/", case_views.detail, name="detail"),
    path("<int:pk>/chart/", case_views.chart, name="chart"),
    path("<int:pk>/questions/<slug:question>/", case_views.finding, name="finding"),
    path("<int:pk>/asked/<int:inquiry>/withdraw/", case_views.withdraw, name="withdraw"),
    *(
        path(f"<int:pk>/{name}/", case_views.sheet, {"name": name}, name=name)
        for name in case_views.SHEETS
    ),
]
