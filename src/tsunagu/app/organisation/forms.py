"""Forms about people and teams; each ends in actions of one transaction."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tsunagu.app.acting import ActingForm, choose
from tsunagu.app.organisation.departures import depart
from tsunagu.app.people import actions
from tsunagu.app.people.models import Language, Role, Team, User
from tsunagu.app.rooms.notices import wish_mail


class TeamChoice(forms.ModelChoiceField[Team]):
    """A team, drawn in under those above it."""

    def label_from_instance(self, obj: Team) -> str:
        """The name, further in the deeper it stands."""
        return "\u3000" * obj.depth + obj.name


class ProfileForm(ActingForm):
    """One's own name and language, and whether mails come."""

    name = forms.CharField(label=_("Name"), max_length=100)
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    mail = forms.BooleanField(
        label=_("Send me a mail when somebody mentions me or asks for my advice"), required=False
    )

    def perform(self) -> None:
        """Change the profile."""
        said = self.cleaned_data
        actions.change_profile(self.actor, name=said["name"], language=said["language"])
        wish_mail(self.actor, wanted=said["mail"])


class PersonForm(ActingForm):
    """A person's fields; without ``person`` a new one."""

    name = forms.CharField(label=_("Name"), max_length=100)
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        help_text=_("Needed to log in. People without one can still own imported deals."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    team = TeamChoice(Team.objects.none(), label=_("Team"), required=False, empty_label="—")

    def __init__(self, actor: User, person: User | None = None, data: Any = None) -> None:
        fields = ("name", "email", "role", "team")
        initial = {field: getattr(person, field) for field in fields} if person else None
        self.person = person
        super().__init__(actor, data, initial=initial)

    def prepare(self) -> None:
        """All teams."""
        choose(self, "team", Team.objects.all())

    def clean_email(self) -> str:
        """In small letters, and nobody else's."""
        email: str = self.cleaned_data["email"].lower()
        others = User.objects.exclude(pk=self.person.pk) if self.person else User.objects.all()
        if email and others.filter(email=email).exists():
            raise ValidationError(_("This address belongs to somebody else already."))
        return email

    def perform(self) -> User:
        """Create the person, or change what differs."""
        said = self.cleaned_data
        if self.person is None:
            return actions.create_user(
                self.actor, **{**said, "email": said["email"] or None, "language": self._language()}
            )
        if {"name", "email"} & set(self.changed_data):
            actions.edit_user(self.actor, self.person, name=said["name"], email=said["email"])
        if "role" in self.changed_data:
            actions.change_role(self.actor, self.person, said["role"])
        if "team" in self.changed_data:
            actions.change_team(self.actor, self.person, said["team"])
        return self.person

    def _language(self) -> str:
        return self.actor.language


class LeaveForm(ActingForm):
    """Who takes over the running deals of somebody who leaves."""

    heir = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Running deals go to"),
        required=False,
        empty_label="—",
    )

    def __init__(self, actor: User, leaver: User, data: Any = None) -> None:
        self.leaver = leaver
        super().__init__(actor, data)

    def prepare(self) -> None:
        """Active people but the one who leaves, the own team first."""
        choose(self, "heir", User.objects.filter(is_active=True).exclude(pk=self.leaver.pk))

    def perform(self) -> int:
        """Hand over and deactivate."""
        return depart(self.actor, self.leaver, self.cleaned_data["heir"])


class TeamForm(ActingForm):
    """A team's name and place; without ``team`` a new one."""

    name = forms.CharField(label=_("Name"), max_length=100)
    parent = TeamChoice(Team.objects.none(), label=_("Below"), required=False, empty_label="—")

    def __init__(self, actor: User, team: Team | None = None, data: Any = None) -> None:
        self.team = team
        initial = {"name": team.name, "parent": team.parent_id} if team else None
        super().__init__(actor, data, initial=initial)

    def prepare(self) -> None:
        """Teams that are not below this one."""
        rows = Team.objects.all()
        if self.team is not None:
            rows = rows.exclude(path__startswith=self.team.path or "")
        choose(self, "parent", rows)

    def perform(self) -> None:
        """Create the team, or change what differs."""
        name, parent = self.cleaned_data["name"], self.cleaned_data["parent"]
        if self.team is None:
            actions.create_team(self.actor, name=name, parent=parent)
            return
        if "name" in self.changed_data:
            actions.rename_team(self.actor, self.team, name)
        if "parent" in self.changed_data:
            actions.move_team(self.actor, self.team, parent)
