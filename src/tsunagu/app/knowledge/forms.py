"""The forms in which improvements are followed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from tsunagu.app.acting import MOST_TEXT, ActingForm
from tsunagu.app.knowledge import actions
from tsunagu.app.knowledge.models import Followed, Improvement
from tsunagu.app.people.models import User


class DoneForm(ActingForm):
    """It was done."""

    label = gettext_lazy("It is done")

    def __init__(self, actor: User, improvement: Improvement, data: Any = None) -> None:
        self.improvement = improvement
        super().__init__(actor, data)

    def perform(self) -> Improvement:
        return actions.mark_done(self.actor, self.improvement)


class SeenForm(DoneForm):
    """Its effect was looked for."""

    label = gettext_lazy("Its effect was seen")
    effect = forms.CharField(
        label=gettext_lazy("What came of it?"),
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def perform(self) -> Improvement:
        return actions.mark_seen(self.actor, self.improvement, self.cleaned_data["effect"])


def next_form(actor: User, improvement: Improvement, data: Any = None) -> DoneForm | None:
    """What comes next for it; None where nothing does."""
    if improvement.state == Followed.SEEN:
        return None
    kind = DoneForm if improvement.state == Followed.OPEN else SeenForm
    return kind(actor, improvement, data)
