"""The sheets of a review; each ends in one action."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.acting import choose
from tsunagu.app.interruptions.causes import grouped
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.sheets import CaseForm, words_field
from tsunagu.app.knowledge import actions
from tsunagu.app.knowledge.models import Improvement, Influence, Lesson, Remedy, Review, Why
from tsunagu.app.people.models import Team, User
from tsunagu.app.people.permissions import visible_users

NAMELESS = gettext_lazy("Everybody may read this: write it without the customer's name.")
OTHERS = 3
"""Causes beside the main one."""


class ReviewForm(CaseForm):
    """A sheet of the case's review; ``item`` is what it changes, None to add."""

    permission = "reviews.write"

    def __init__(
        self, user: User, case: Interruption, data: Any = None, *, item: Any = None
    ) -> None:
        self.item = item
        super().__init__(user, case, data)

    @property
    def removes(self) -> bool:
        """Whether what it changes is to be taken out instead."""
        return self.item is not None and "remove" in self.data

    def full_clean(self) -> None:
        """What is taken out need not be filled in."""
        if self.is_bound and self.removes:
            for field in self.fields.values():
                field.required = False
        super().full_clean()


class CausesForm(ReviewForm):
    """The causes, each with whether we could have influenced it."""

    heading = gettext_lazy("Confirm the causes")
    template = "knowledge/sheets/causes.html"

    def prepare(self) -> None:
        for place in range(1 + OTHERS):
            cause = forms.ChoiceField(
                label=_("Another cause") if place else _("Main cause"),
                choices=[("", "–"), *grouped()],
                required=not place,
                error_messages={"required": _("Choose the main cause.")},
            )
            influence = forms.ChoiceField(
                label=_("Could we have influenced it?"),
                choices=Influence.choices,
                widget=forms.RadioSelect,
                initial=Influence.PARTLY,
                required=False,
            )
            self.fields[f"cause_{place}"], self.fields[f"influence_{place}"] = cause, influence

    def before(self, case: Interruption) -> dict[str, Any]:
        """What the review says, else what the case does."""
        review = Review.objects.filter(case=case).first()
        said = list(review.causes.values_list("cause", "influence")) if review else []
        noted = case.cause_notes.filter(set_by__isnull=False).values_list("cause", flat=True)
        known = said or [(cause, Influence.PARTLY) for cause in noted]
        return {
            f"{name}_{place}": value
            for place, pair in enumerate(known)
            for name, value in zip(("cause", "influence"), pair, strict=True)
        }

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Each cause with its influence."""
        return [(self[f"cause_{n}"], self[f"influence_{n}"]) for n in range(1 + OTHERS)]

    def perform(self) -> str:
        said = self.cleaned_data
        influences = {
            said[f"cause_{n}"]: said[f"influence_{n}"] or Influence.PARTLY
            for n in reversed(range(1 + OTHERS))
            if said[f"cause_{n}"]
        }
        actions.set_causes(self.user, self.case, said["cause_0"], influences)
        return _("The causes are confirmed.")


class WorkedForm(ReviewForm):
    """What helped."""

    heading = gettext_lazy("What worked")
    text = words_field(gettext_lazy("What helped, and what we would do again"), required=False)

    def before(self, case: Interruption) -> dict[str, Any]:
        review = Review.objects.filter(case=case).first()
        return {"text": review.text if review else ""}

    def perform(self) -> str:
        actions.say_what_worked(self.user, self.case, self.cleaned_data["text"])
        return _("Kept.")


class PartForm(ReviewForm):
    """One answer, lesson or improvement."""

    template = "knowledge/sheets/part.html"
    model: ClassVar[type[Why | Lesson | Improvement]]
    columns: ClassVar[tuple[str, ...]] = ("text",)

    def before(self, case: Interruption) -> dict[str, Any]:
        return {name: getattr(self.item, name) for name in self.columns} if self.item else {}

    def add(self) -> None:
        """Add it."""
        raise NotImplementedError

    def perform(self) -> str:
        if self.removes:
            actions.remove(self.user, self.item)
            return _("Removed.")
        if self.item is None:
            self.add()
        else:
            actions.edit(self.user, self.item, **self.cleaned_data)
        return _("Kept.")


class WhyForm(PartForm):
    """An answer to "why?"."""

    heading = gettext_lazy("Why did it happen?")
    model = Why
    text = words_field(gettext_lazy("Because …"))

    def add(self) -> None:
        actions.add_why(self.user, self.case, **self.cleaned_data)


class UnderForm(ReviewForm):
    """The reason for an answer: ``item``."""

    heading = gettext_lazy("And why was that so?")
    template = "knowledge/sheets/under.html"
    model: ClassVar[type[Why]] = Why
    text = words_field(gettext_lazy("Because …"))

    def perform(self) -> str:
        actions.add_why(self.user, self.case, self.cleaned_data["text"], self.item)
        return _("Kept.")


class LessonForm(PartForm):
    """What others should know."""

    heading = gettext_lazy("Lesson")
    model = Lesson
    text = words_field(gettext_lazy("What should others know?"), help_text=NAMELESS)

    def add(self) -> None:
        actions.add_lesson(self.user, self.case, **self.cleaned_data)


class ImprovementForm(PartForm):
    """What is to change."""

    heading = gettext_lazy("Improvement")
    model = Improvement
    columns = ("text", "remedy", "owner", "due_on", "team")
    text = words_field(gettext_lazy("What is to change?"), help_text=NAMELESS)
    remedy = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Remedy.choices)
    owner = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("Owner"))
    due_on = forms.DateField(
        label=gettext_lazy("Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=gettext_lazy("Whom it concerns"),
        required=False,
        empty_label=gettext_lazy("The whole organisation"),
        help_text=gettext_lazy("Its effect is counted among the deals of this team."),
    )

    def prepare(self) -> None:
        choose(self, "owner", visible_users(self.user).filter(is_active=True))
        choose(self, "team", actions.teams_of(self.case))

    def before(self, case: Interruption) -> dict[str, Any]:
        later = timezone.localdate() + timedelta(days=30)
        first = {"owner": self.user.pk, "due_on": later, "team": case.deal.team_id}
        return super().before(case) or first

    def add(self) -> None:
        actions.add_improvement(self.user, self.case, **self.cleaned_data)


class FinishForm(ReviewForm):
    """The review is done."""

    heading = label = gettext_lazy("Finish the review")
    template = "knowledge/sheets/finish.html"

    def perform(self) -> str:
        actions.finish(self.user, self.case)
        return _("The review is finished; its lessons are there for everybody.")


class CorrectForm(ReviewForm):
    """It was not right yet."""

    heading = label = gettext_lazy("Correct the review")
    template = "knowledge/sheets/correct.html"

    def perform(self) -> str:
        actions.correct(self.user, self.case)
        return _("The review is open again.")


ADDING: dict[str, type[ReviewForm]] = {
    "causes": CausesForm,
    "worked": WorkedForm,
    "why": WhyForm,
    "lesson": LessonForm,
    "improvement": ImprovementForm,
    "finish": FinishForm,
    "correct": CorrectForm,
}
"""Sheets by the name in their address."""

CHANGING: dict[str, type[PartForm | UnderForm]] = {
    "why": WhyForm,
    "under": UnderForm,
    "lesson": LessonForm,
    "improvement": ImprovementForm,
}
"""Those about something that is there already."""
