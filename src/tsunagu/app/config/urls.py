"""Every address. Each application names its own in its ``urls.py``."""

from allauth.account import views as account
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path

from tsunagu.app.config import views

handler403 = "tsunagu.app.config.views.forbidden"
handler404 = "tsunagu.app.config.views.missing"
handler500 = "tsunagu.app.config.views.broken"

# Of django-allauth only what an invited person needs; its templates reverse "account_signup".
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("health/", login_not_required(views.health), name="health"),
    path("accounts/", include(accounts)),
    path("people/", include("tsunagu.app.people.urls")),
    path("today/", include("tsunagu.app.today.urls")),
    path("team/", include("tsunagu.app.today.team_urls")),
    path("interruptions/", include("tsunagu.app.interruptions.urls")),
    path("playbooks/", include("tsunagu.app.playbooks.urls")),
    path("room/", include("tsunagu.app.rooms.urls")),
    path("knowledge/", include("tsunagu.app.knowledge.urls")),
    path("deals/", include("tsunagu.app.deals.urls")),
    path("followup/", include("tsunagu.app.followup.urls")),
    path("ask/", include("tsunagu.app.interruptions.customer_urls")),
    path("customers/", include("tsunagu.app.deals.customer_urls")),
    path("imports/", include("tsunagu.app.exchange.urls")),
    path("exports/", include("tsunagu.app.exports.urls")),
    path("api/v1/", include("tsunagu.app.exchange.api.urls")),
    path("", include("tsunagu.app.exchange.api.oauth_urls")),
    path("settings/webhooks/", include("tsunagu.app.webhooks.urls")),
    path("settings/model/", include("tsunagu.app.scoring.urls")),
    path("settings/", include("tsunagu.app.organisation.urls")),
]
