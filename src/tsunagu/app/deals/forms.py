"""The sheets in which a person changes a deal; each ends in one action."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.deals import actions, results
from tsunagu.app.deals.models import Deal, Kind, Outcome, Stage
from tsunagu.app.deals.offers import ReasonWantedError
from tsunagu.app.deals.sheets import SheetForm
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import SEES_ALL, teams_led


class DealForm(SheetForm):
    """A sheet that changes the deal."""

    permission: ClassVar[str] = "deals.change"
    template: ClassVar[str] = "deals/sheets/fields.html"

    def __init__(self, user: User, deal: Deal, data: Any = None) -> None:
        super().__init__(user, deal, data, initial=self.before(deal))

    def before(self, deal: Deal) -> dict[str, Any]:
        """What the fields show at first."""
        return {}


def day_field(**options: Any) -> forms.DateField:
    """A day, in the browser's own calendar."""
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(input_formats=["%Y-%m-%d"], widget=widget, **options)


def amount_field(**options: Any) -> forms.DecimalField:
    """A deal's value."""
    return forms.DecimalField(
        label=gettext_lazy("Amount"),
        max_digits=18,
        decimal_places=2,
        min_value=0,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
        **options,
    )


class OfferForm(DealForm):
    """A sheet whose action may want a reason; it asks only then, and acts when sent again."""

    why = forms.CharField(
        label=gettext_lazy("Why you offer now"),
        required=False,
        max_length=2000,
        widget=forms.HiddenInput,
    )

    @property
    def asks_why(self) -> bool:
        """Whether the reason is asked for."""
        return not isinstance(self.fields["why"].widget, forms.HiddenInput)

    def act(self) -> str | None:
        try:
            return self.perform()
        except ReasonWantedError as wanted:
            self.fields["why"].widget = forms.Textarea(attrs={"rows": 2})
            self.add_error(None, wanted)
        except ValidationError as refused:
            self.add_error(None, refused)
        return None


class LogForm(OfferForm):
    """An activity in two taps: its kind and how it went are one button."""

    heading = gettext_lazy("Log an activity")
    permission = "deals.log"
    template = "deals/sheets/log.html"

    what = forms.CharField(
        error_messages={"required": gettext_lazy("Tap what you did and how it went.")}
    )
    text = forms.CharField(
        label=gettext_lazy("Note (if you like)"), required=False, max_length=2000
    )
    at = forms.DateTimeField(
        label=gettext_lazy("When (empty: now)"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    once = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def before(self, deal: Deal) -> dict[str, Any]:
        return {"once": uuid.uuid4().hex}

    @property
    def offered(self) -> list[dict[str, Any]]:
        """The rows of buttons."""
        return [
            {"kind": Kind(kind), "icon": results.ICONS[Kind(kind)], "results": offered}
            for kind, offered in results.RESULTS.items()
        ]

    def clean_what(self) -> tuple[str, results.Result]:
        """Kind and result, from ``call:talked``."""
        kind, _colon, key = self.cleaned_data["what"].partition(":")
        found = results.find(kind, key)
        if found is None:
            raise ValidationError(_("Tap what you did and how it went."))
        return kind, found

    def perform(self) -> str:
        kind, result = self.cleaned_data["what"]
        actions.log_activity(
            self.user,
            self.deal,
            kind,
            direction=result.direction,
            value=result.value,
            text=self.cleaned_data["text"] or None,
            at=self.cleaned_data["at"],
            once=self.cleaned_data["once"],
            why=self.cleaned_data["why"],
        )
        return _("Logged: %(kind)s, %(result)s") % {
            "kind": Kind(kind).label,
            "result": result.label,
        }


class PlanForm(DealForm):
    """The next step, in one tap on a usual day or with a day of one's own."""

    heading = gettext_lazy("Plan the next step")
    permission = "deals.log"
    template = "deals/sheets/plan.html"

    text = forms.CharField(label=gettext_lazy("What (if you like)"), required=False, max_length=500)
    quick = day_field(required=False)
    on = day_field(label=gettext_lazy("Another day"), required=False)

    @property
    def usual_days(self) -> list[tuple[str | Promise, date]]:
        """Days that are planned for most often; none on a weekend."""
        today = timezone.localdate()
        wanted = (
            (_("Tomorrow"), 1),
            (_("In 3 days"), 3),
            (_("In a week"), 7),
            (_("In two weeks"), 14),
        )
        days = [(word, _working_day(today + timedelta(days=ahead))) for word, ahead in wanted]
        return [
            (word, on) for i, (word, on) in enumerate(days) if on not in {d for _w, d in days[:i]}
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        on = cleaned.get("quick") or cleaned.get("on")
        if on is None and not self.errors:
            raise ValidationError(_("Choose a day."))
        cleaned["on"] = on if on is None else actions.still_ahead(on)
        return cleaned

    def perform(self) -> str:
        actions.plan_next_step(
            self.user, self.deal, self.cleaned_data["on"], text=self.cleaned_data["text"] or None
        )
        return _("The next step is planned.")


def _working_day(on: date) -> date:
    return on + timedelta(days=max(0, 7 - on.weekday()) if on.weekday() > 4 else 0)


class MoveForm(DealForm):
    """Another stage of the deal's process."""

    heading = gettext_lazy("Move to a stage")
    template = "deals/sheets/move.html"

    stage = forms.ModelChoiceField(
        Stage.objects.none(),
        error_messages={
            "invalid_choice": gettext_lazy("This stage belongs to another process."),
            "required": gettext_lazy("Choose a stage."),
        },
    )

    def prepare(self) -> None:
        field = self.fields["stage"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
        field.queryset = Stage.objects.filter(process=self.deal.process_id, retired=False)

    def perform(self) -> str:
        stage = self.cleaned_data["stage"]
        actions.move_stage(self.user, self.deal, stage)
        return _("Moved to %(stage)s") % {"stage": stage.name}


class AmountForm(OfferForm):
    """Another value."""

    field_order = ("amount", "why")
    heading = gettext_lazy("Change the amount")
    amount = amount_field()

    def before(self, deal: Deal) -> dict[str, Any]:
        return {"amount": deal.amount if deal.amount is None else f"{deal.amount.normalize():f}"}

    def perform(self) -> str:
        said = self.cleaned_data
        actions.change_amount(self.user, self.deal, said["amount"], why=said["why"])
        return _("The amount is changed.")


class CloseDateForm(DealForm):
    """Another day on which the close is expected."""

    heading = gettext_lazy("Change the close date")
    on = day_field(label=gettext_lazy("Close date"))

    def before(self, deal: Deal) -> dict[str, Any]:
        return {"on": deal.close_date}

    def perform(self) -> str:
        actions.change_close_date(self.user, self.deal, self.cleaned_data["on"])
        return _("The close date is changed.")


class OwnerForm(DealForm):
    """Another owner, among those for whom the person may answer."""

    heading = gettext_lazy("Hand over")
    permission = "deals.assign"
    owner = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("New owner"))
    reason = forms.CharField(
        label=gettext_lazy("Why (if you like)"), required=False, max_length=500
    )

    def before(self, deal: Deal) -> dict[str, Any]:
        return {"owner": deal.owner_id}

    def prepare(self) -> None:
        people = User.objects.filter(is_active=True)
        if self.user.role not in SEES_ALL:
            people = people.filter(team__in=teams_led(self.user))
        field = self.fields["owner"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
        field.queryset = people

    def perform(self) -> str:
        owner = self.cleaned_data["owner"]
        reason = self.cleaned_data["reason"] or None
        actions.change_owner(self.user, self.deal, owner, reason=reason)
        return _("Handed over to %(owner)s") % {"owner": owner.name}


class EditForm(DealForm):
    """Its title, and who sees it."""

    heading = gettext_lazy("Title and sharing")
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    shared = forms.ChoiceField(
        label=gettext_lazy("Who sees the deal"),
        choices=[
            ("", gettext_lazy("The owner and their managers")),
            ("team", gettext_lazy("The whole team")),
        ],
        required=False,
        help_text=gettext_lazy("The team may log activities on a shared deal, and change nothing."),
    )

    def before(self, deal: Deal) -> dict[str, Any]:
        return {"title": deal.title, "shared": "team" if deal.shared else ""}

    def perform(self) -> str:
        said = self.cleaned_data
        actions.edit_deal(self.user, self.deal, title=said["title"], shared=bool(said["shared"]))
        return _("The deal is changed.")


EXPLAINED = {
    Outcome.WON: gettext_lazy("The customer ordered."),
    Outcome.BROKEN_OFF: gettext_lazy(
        "The sale stopped midway and nobody decided: silence, postponed, cancelled."
    ),
    Outcome.LOST: gettext_lazy("The customer decided against us: another supplier, or a clear no."),
}


class EndForm(DealForm):
    """The end, with its reason."""

    heading = gettext_lazy("Close the deal")
    template = "deals/sheets/end.html"
    outcome = forms.ChoiceField(
        choices=Outcome.choices,
        error_messages={"required": gettext_lazy("Choose how it ended.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Needed unless the deal is won. A closed deal is not opened again."),
    )

    @property
    def outcomes(self) -> list[tuple[Outcome, str | Promise]]:
        """Each outcome with its explanation."""
        return list(EXPLAINED.items())

    def perform(self) -> str:
        actions.close_deal(
            self.user,
            self.deal,
            self.cleaned_data["outcome"],
            reason=self.cleaned_data["reason"] or None,
        )
        return _("The deal is closed.")


SHEETS: dict[str, type[DealForm]] = {
    "log": LogForm,
    "plan": PlanForm,
    "move": MoveForm,
    "amount": AmountForm,
    "close_date": CloseDateForm,
    "owner": OwnerForm,
    "edit": EditForm,
    "end": EndForm,
}
"""Every sheet by the name of its address."""
