"""Forms about tokens and apps; each ends in one action."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.acting import ActingForm
from tsunagu.app.exchange.api import oauth, tokens
from tsunagu.app.exchange.api.scopes import Group

NONE, READ, WRITE = "", "read", "write"


class TokenForm(ActingForm):
    """A new token: its name, how long it lives, and what it may do."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("What will use it, so that you know it again, such as “Nightly export”."),
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (180, _("180 days")), (365, _("a year"))],
        initial=90,
    )

    def prepare(self) -> None:
        """A choice for each group of nouns."""
        ways = [(NONE, _("Nothing")), (READ, _("Read")), (WRITE, _("Read and change"))]
        for group in Group:
            field = forms.ChoiceField(label=group.label, choices=ways, required=False)
            self.fields[group.value] = field

    @property
    def _scopes(self) -> list[str]:
        said = {group: self.cleaned_data.get(group.value, NONE) for group in Group}
        return [group.write if way == WRITE else group.read for group, way in said.items() if way]

    def perform(self) -> Any:
        """Make it; the row and its text."""
        until = timezone.now() + timedelta(days=self.cleaned_data["days"])
        name = self.cleaned_data["name"]
        return tokens.create_token(self.actor, name=name, scopes=self._scopes, expires_at=until)


class AppForm(ActingForm):
    """A new app."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("People read it when the app asks them.")
    )
    redirect_uris = forms.CharField(
        label=_("Where people are sent back to"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Addresses with https://, one a line."),
        max_length=2_000,
    )
    confidential = forms.ChoiceField(
        label=_("Where the app runs"),
        choices=[
            ("1", _("On a server, which can keep a secret")),
            ("", _("On a telephone or in a browser")),
        ],
        required=False,
        initial="1",
    )

    def perform(self) -> Any:
        """Register it; the row and its secret."""
        said = self.cleaned_data
        return oauth.register_app(
            self.actor,
            name=said["name"],
            redirect_uris=said["redirect_uris"],
            confidential=bool(said["confidential"]),
        )
