"""How pages write scopes."""

from __future__ import annotations

from django import template
from django.utils.functional import Promise

from tsunagu.app.exchange.api.scopes import known

register = template.Library()


@register.filter
def scope_words(scope: str) -> str | Promise:
    """What the scope allows, in words."""
    return known().get(scope, scope)
