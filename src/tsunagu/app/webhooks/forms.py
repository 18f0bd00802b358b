"""Forms about endpoints; each ends in an action."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tsunagu.app.acting import ActingForm
from tsunagu.app.people.models import User
from tsunagu.app.webhooks import actions
from tsunagu.app.webhooks.models import Endpoint


class EndpointForm(ActingForm):
    """An endpoint's fields; without ``endpoint`` a new one."""

    name = forms.CharField(label=_("Name"), max_length=100)
    url = forms.URLField(
        label=_("Address"),
        max_length=500,
        assume_scheme="https",
        help_text=_("Where messages are posted to; it begins with https://."),
    )
    topics = forms.MultipleChoiceField(
        label=_("Tell it about"),
        choices=[(topic.value, topic.label) for topic in actions.CHOICES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one topic.")},
    )

    def __init__(self, actor: User, endpoint: Endpoint | None = None, data: Any = None) -> None:
        fields = ("name", "url", "topics")
        initial = {field: getattr(endpoint, field) for field in fields} if endpoint else None
        self.endpoint = endpoint
        super().__init__(actor, data, initial=initial)

    def perform(self) -> Endpoint:
        """Add the endpoint, or change it."""
        if self.endpoint is None:
            return actions.add(self.actor, **self.cleaned_data)
        return actions.change(self.actor, self.endpoint, **self.cleaned_data)
