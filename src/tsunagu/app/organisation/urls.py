"""Addresses under ``/settings/``."""

from django.urls import path

from tsunagu.app.deals import process_views
from tsunagu.app.exchange import rank_views
from tsunagu.app.exchange.api import views as api_views
from tsunagu.app.organisation import people_views, privacy_views, team_views, views
from tsunagu.app.outlook import views as outlook_views

app_name = "settings"
urlpatterns = [
    path("", views.show, name="show"),
    path("profile/", views.profile, name="profile"),
    path("people/", people_views.people, name="people"),
    path("people/add/", people_views.add, name="person_add"),
    path("people/<int:pk>/", people_views.person_page, name="person"),
    path("people/<int:pk>/link/", people_views.link, name="person_link"),
    path("people/<int:pk>/leave/", people_views.leave, name="person_leave"),
    path("people/<int:pk>/return/", people_views.come_back, name="person_return"),
    path("teams/", team_views.teams, name="teams"),
    path("teams/<int:pk>/", team_views.team, name="team"),
    path("teams/<int:pk>/remove/", team_views.remove, name="team_remove"),
    path("targets/", outlook_views.targets, name="targets"),
    path("privacy/", privacy_views.people, name="privacy"),
    path("privacy/<str:kind>/<int:pk>/", privacy_views.held, name="privacy_held"),
    path("privacy/<str:kind>/<int:pk>/counts/", privacy_views.counts, name="privacy_counts"),
    path("privacy/<str:kind>/<int:pk>/export/", privacy_views.export, name="privacy_export"),
    path("processes/", process_views.processes, name="processes"),
    path("processes/<int:pk>/", process_views.process, name="process"),
    path("processes/<int:pk>/change/", process_views.change, name="process_change"),
    path("processes/<int:pk>/order/", process_views.order, name="stage_order"),
    path("stages/<int:pk>/", process_views.stage, name="stage"),
    path("tokens/", api_views.tokens, name="tokens"),
    path("tokens/add/", api_views.token_add, name="token_add"),
    path("tokens/<int:pk>/revoke/", api_views.token_revoke, name="token_revoke"),
    path("apps/", api_views.apps, name="apps"),
    path("apps/<int:pk>/remove/", api_views.app_remove, name="app_remove"),
    path("apps/<int:pk>/disconnect/", api_views.app_disconnect, name="app_disconnect"),
    path("ranks/", rank_views.ranks, name="ranks"),
    path("ranks/restore/", rank_views.restore, name="ranks_restore"),
]
