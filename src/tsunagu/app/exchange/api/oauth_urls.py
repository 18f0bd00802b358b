"""Addresses of OAuth 2.0: consent, tokens, and where they are found (RFC 8414)."""

from django.urls import path
from oauth2_provider import views

from tsunagu.app.exchange.api.limits import by_address
from tsunagu.app.exchange.api.views import Consent

app_name = "oauth2_provider"
urlpatterns = [
    path("oauth/authorize/", Consent.as_view(), name="authorize"),
    path("oauth/token/", by_address(views.TokenView.as_view()), name="token"),
    path("oauth/revoke_token/", by_address(views.RevokeTokenView.as_view()), name="revoke-token"),
    path(
        ".well-known/oauth-authorization-server",
        views.OAuthServerMetadataView.as_view(),
        name="oauth-server-metadata",
    ),
]
