"""What forms do alike: a person fills them in, and they end in actions of one transaction."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from tsunagu.app.people.models import User

MOST_TEXT = 2_000
"""Letters of what is written about something; longer texts are cut."""


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


class OnceForm(ActingForm):
    """A form that makes one row, however often it is sent: its key becomes the row's number."""

    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    @property
    def number(self) -> str:
        """The number that the row gets: the actor's own, so that nobody meets another's row."""
        once = re.sub(
            r"[^0-9a-zA-Z-]", "", self.data.get("once", "")
        )  # asked for before it is valid
        return f"form:{self.actor.pk}:{once[:40]}"

    def made(self) -> models.Model | None:
        """The row that this form made already, if it did."""
        raise NotImplementedError

    def act(self) -> bool:
        """Whether it is done, now or when the form was sent before."""
        return self._made_before() or self._act() or self._made_before()

    def _act(self) -> bool:
        try:
            return super().act()
        except IntegrityError:
            # Sent twice at the same instant: the other one was first.
            if self._made_before():
                return True
            raise

    def _made_before(self) -> bool:
        self.done = self.made()
        return self.done is not None


def written(text: str, refusal: str) -> str:
    """What a person wrote, without the blanks around it, at most :data:`MOST_TEXT`.

    Raises:
        ValidationError: with ``refusal``, where nothing was written.
    """
    said = text.strip()[:MOST_TEXT]
    if not said:
        raise ValidationError(refusal)
    return said


def choose(form: forms.Form, name: str, rows: Any) -> None:
    """Let the field ``name`` offer ``rows``."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
    field.queryset = rows
