"""How django-allauth behaves here."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: administrators create people (``people.actions.create_user``)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False
