"""The sheets in which a person decides on a case; each ends in one action."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.deals.models import Deal, Process
from tsunagu.app.deals.sheets import SheetForm
from tsunagu.app.interruptions import actions, suggesting
from tsunagu.app.interruptions.causes import Cause, grouped
from tsunagu.app.interruptions.grading import GradedSheet
from tsunagu.app.interruptions.limits import Limit, highest
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import DismissReason
from tsunagu.app.people.models import User

SUGGESTED = 3


class Sheet(SheetForm):
    """A sheet about ``deal`` and, but for opening by hand, its ``case``."""

    permission: ClassVar[str] = "interruptions.decide"

    text = forms.CharField(
        label=gettext_lazy("Note (if you like)"), required=False, max_length=2000
    )

    def __init__(self, user: User, deal: Deal, case: Interruption | None, data: Any = None) -> None:
        self.case = case
        super().__init__(user, deal, data)


class CauseSheet(Sheet, GradedSheet):
    """The main cause in one tap, or none yet."""

    template = "interruptions/sheets/causes.html"
    unknown = gettext_lazy("Cause not known yet")

    main = forms.ChoiceField(choices=[("", ""), *Cause.choices], required=False)

    @property
    def causes(self) -> list[tuple[str | Promise, list[tuple[str, str | Promise]]]]:
        """All causes by category."""
        return grouped()

    @property
    def suggested(self) -> list[tuple[Cause, float]]:
        """What is thought most likely."""
        if self.case is None:
            return []
        return [(s.cause, s.probability) for s in suggesting.of_case(self.case)[:SUGGESTED]]


class ConfirmForm(CauseSheet):
    """This is an interruption."""

    heading = gettext_lazy("Confirm as an interruption: what is the main cause?")

    def perform(self) -> str:
        assert self.case is not None  # noqa: S101  # tells the type checker
        actions.confirm(self.user, self.case, **self.cleaned_data)
        return _("Confirmed: %(deal)s") % {"deal": self.deal.title}


class OpenForm(CauseSheet):
    """Nobody suspected it, but it is interrupted."""

    heading = gettext_lazy("Register an interruption: what is the main cause?")

    def perform(self) -> str:
        actions.open_case(self.user, self.deal, **self.cleaned_data)
        return _("Registered as an interruption: %(deal)s") % {"deal": self.deal.title}


class DismissForm(Sheet):
    """This is none; the reason in one tap."""

    heading = gettext_lazy("Not an interruption: why?")
    template = "interruptions/sheets/dismiss.html"

    reason = forms.ChoiceField(
        choices=DismissReason.choices,
        error_messages={"required": gettext_lazy("Say why this is a false alarm.")},
    )

    @property
    def reasons(self) -> list[DismissReason]:
        """Those that need no words."""
        return [reason for reason in DismissReason if reason != DismissReason.OTHER]

    def perform(self) -> str:
        assert self.case is not None  # noqa: S101  # tells the type checker
        said = self.cleaned_data
        actions.dismiss(self.user, self.case, said["reason"], text=said["text"])
        return _("Dismissed: %(deal)s") % {"deal": self.deal.title}


SHEETS: dict[str, type[Sheet]] = {"confirm": ConfirmForm, "dismiss": DismissForm}
"""Every sheet about a case by the name of its address."""


class ThresholdForm(forms.Form):
    """One process's own cuts; an empty one is left to what is learned."""

    def __init__(self, process: Process, shown: list[Limit], data: Any = None) -> None:
        super().__init__(data)
        self.process, self.limits = process, shown
        for limit in shown:
            self.fields[limit.kind] = forms.FloatField(
                required=False,
                initial=limit.own,
                min_value=0.0001,
                max_value=highest(limit.kind),
                label=limit.name,
                widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
            )

    @property
    def rows(self) -> list[tuple[Limit, forms.BoundField]]:
        """Each limit with its field."""
        return [(limit, self[limit.kind]) for limit in self.limits]

    def save(self, user: User) -> None:
        """Keep them; ``reset`` empties all."""
        reset = "reset" in self.data
        cuts = {k: None if reset else v for k, v in self.cleaned_data.items()}
        actions.set_thresholds(user, self.process, cuts)
