"""The form that sets the targets of a page of people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django import forms
from django.forms import BoundField

from tsunagu.app.acting import ActingForm
from tsunagu.app.outlook import actions
from tsunagu.app.people.models import User

PREFIX = "amount-"


class TargetsForm(ActingForm):
    """An amount for each person. Only what was changed is set: the rest may be newer elsewhere."""

    def __init__(self, actor: User, month: date, people: Iterable[Any], data: Any = None) -> None:
        self.month, self.people = month, list(people)
        super().__init__(actor, data)

    def prepare(self) -> None:
        """One field a person."""
        self.fields |= {_name(one.pk): _amount(one) for one in self.people}

    def rows(self) -> Iterator[tuple[Any, BoundField, str]]:
        """Each person with the field, and what it held at first, to be sent along."""
        for one in self.people:
            bound = self[_name(one.pk)]
            yield one, bound, bound.as_hidden(only_initial=True)

    def perform(self) -> int:
        """Set what was changed; how many targets."""
        changed = {_person(name): self.cleaned_data[name] for name in self.changed_data}
        return actions.set_targets(self.actor, self.month, changed)


def sent_people(data: Iterable[str]) -> list[int]:
    """Whose amounts were sent."""
    numbers = (name.removeprefix(PREFIX) for name in data if name.startswith(PREFIX))
    return [int(number) for number in numbers if number.isascii() and number.isdigit()]


def _name(pk: int) -> str:
    return f"{PREFIX}{pk}"


def _person(name: str) -> int:
    return int(name.removeprefix(PREFIX))


def _amount(person: Any) -> forms.DecimalField:
    target = person.target
    return forms.DecimalField(
        label=person.name,
        initial=int(target) if target is not None and target == int(target) else target,
        required=False,
        min_value=0,
        max_digits=18,
        decimal_places=2,
        show_hidden_initial=True,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )
