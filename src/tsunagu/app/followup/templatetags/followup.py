"""Brings the panel of following up onto a case's page."""

from __future__ import annotations

from django import template

from tsunagu.app.followup.panel import Panel
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import User

register = template.Library()


@register.simple_tag
def followup_of(user: User, case: Interruption) -> Panel:
    """Mails and letters of the case, and what the reader may do."""
    return Panel(user, case)
