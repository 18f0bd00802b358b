"""The row of a sheet in which a person may say how serious the case looks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from tsunagu.app.deals.sheets import SheetForm
from tsunagu.app.interruptions.grades import Grade

_UNSAID = ("", pgettext_lazy("how serious", "Not said"))


class GradedSheet(SheetForm):
    """A sheet about a ``case`` or, where one is opened by hand, about none yet.

    A case that is over is not graded: by then its end would colour the judgement.
    """

    case: Any  # an interruption, or None where the sheet allows it

    grade = forms.TypedChoiceField(
        label=gettext_lazy("How serious it looks"),
        choices=[_UNSAID, *Grade.choices],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
    )

    def prepare(self) -> None:
        if self.case is None:
            return
        if not self.case.is_living:
            del self.fields["grade"]
        elif self.case.grade is not None:
            self._renew(self.case.grade)

    def _renew(self, standing: int) -> None:
        """What was said may be changed, not unsaid."""
        field = self.fields["grade"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101  # tells the type checker
        field.choices = Grade.choices
        field.initial = standing
