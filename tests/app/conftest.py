"""What the application's tests share."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.app.factories import Organisation, make_organisation

from tsunagu.app.people.models import User


@pytest.fixture
def organisation(db: None) -> Organisation:
    return make_organisation()


def browser(user: User | None) -> Client:
    """A client in which ``user`` is signed in."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
