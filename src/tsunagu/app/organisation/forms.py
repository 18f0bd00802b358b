"""Forms about people and teams; each ends in actions of one transaction."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tsunagu.app.organisation.departures import depart
from tsunagu.app.people import actions
from tsunagu.app.people.models import Language, Role, Team, User


class ActingForm(forms.Form):
    """A form that ``actor`` fills in; :meth:`act` does what it says or keeps the refusal."""

    def __init__(self, actor: User, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.actor = actor
        self.prepare()

    def prepare(self) -> None:
        """Narrow the choices to what there is."""

    def perform(self) -> Any:
        """Act."""
        raise NotImplementedError

    def act(self) -> bool:
        """Whether it was done; else the errors say why not, and nothing was."""
        if not self.is_valid():
            return False
        try:
            with transaction.atomic():
                self.done = self.perform()
        except ValidationError as refused:
            self._keep(refused)
            return False
        return True

    def _keep(self, refused: ValidationError) -> None:
        """Beside the fields of that name, the rest above them."""
        if not hasattr(refused, "error_dict"):
            return self.add_error(None, refused)
        for name, errors in refused.error_dict.items():
            self.add_error(name if name in self.fields else None, errors)
        return None


def _choose(form: forms.Form, name: str, rows: Any) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
    field.queryset = rows


class TeamChoice(forms.ModelChoiceField[Team]):
    """A team, drawn in under those above it."""

    def label_from_instance(self, obj: Team) -> str:
        """The name, further in the deeper it stands."""
        return "\u3000" * obj.depth + obj.name


class ProfileForm(ActingForm):
    """One's own name and language."""

    name = forms.CharField(label=_("Name"), max_length=100)
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)

    def perform(self) -> None:
        """Change the profile."""
        actions.change_profile(self.actor, **self.cleaned_data)


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
        _choose(self, "team", Team.objects.all())

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
        _choose(self, "heir", User.objects.filter(is_active=True).exclude(pk=self.leaver.pk))

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
        _choose(self, "parent", rows)

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
