"""The form that begins a deal."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.acting import OnceForm, choose
from tsunagu.app.customers import queries
from tsunagu.app.customers.actions import create_customer
from tsunagu.app.customers.models import Customer
from tsunagu.app.customers.names import can_mean
from tsunagu.app.deals import actions
from tsunagu.app.deals.forms import amount_field, day_field
from tsunagu.app.deals.models import Deal, Stage
from tsunagu.app.lists import plain_text
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import SEES_ALL, teams_led, visible_customers


def stages_to_begin_in() -> QuerySet[Stage]:
    """Stages that take new deals, the standard process's first."""
    rows = Stage.objects.filter(retired=False, process__archived=False)
    return rows.select_related("process").order_by("-process__is_default", "process", "position")


def possible_owners(user: User) -> QuerySet[User]:
    """Active people for whom ``user`` may begin deals."""
    people = User.objects.filter(is_active=True)
    if user.role in SEES_ALL:
        return people
    return people.filter(Q(pk=user.pk) | Q(team__in=teams_led(user)))


class NewDealForm(OnceForm):
    """A deal with its customer, who may be new, and its next step.

    ``name`` is what was written to find the customer, ``customer`` what was chosen: an id,
    :data:`queries.NEW` or :data:`queries.ANOTHER`.
    """

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    name = forms.CharField(label=gettext_lazy("Customer"), max_length=200)
    customer = forms.CharField(required=False, max_length=20)
    owner = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("Owner"), empty_label=None
    )
    stage = forms.ModelChoiceField(
        Stage.objects.none(), label=gettext_lazy("Stage"), empty_label=None
    )
    amount = amount_field(required=False)
    close_date = day_field(label=gettext_lazy("Close date"), required=False)
    next_on = day_field(label=gettext_lazy("Next step: day"), required=False)
    next_text = forms.CharField(
        label=gettext_lazy("Next step: what"), max_length=500, required=False
    )

    known: tuple[Customer, ...] = ()
    """Customers of the written name that stand in the way of a new one."""

    def prepare(self) -> None:
        """The person's choices; where there is only one, it is not asked for."""
        owners = possible_owners(self.actor)
        choose(self, "owner", owners)
        self.initial.setdefault("owner", self.actor.pk)
        if not owners.exclude(pk=self.actor.pk).exists():
            self.fields["owner"].widget = forms.HiddenInput()
        choose(self, "stage", stages_to_begin_in())
        widget = self.fields["stage"].widget
        assert isinstance(widget, forms.Select)  # noqa: S101  # tells the type checker
        widget.choices = self._stages()

    def _stages(self) -> list[Any]:
        """By process, where there are several."""
        found = groupby(stages_to_begin_in(), key=lambda stage: stage.process.name)
        groups = [(process, [(s.pk, s.name) for s in stages]) for process, stages in found]
        return groups[0][1] if len(groups) == 1 else groups

    @property
    def can_begin(self) -> bool:
        """Whether there is a stage to begin in."""
        widget = self.fields["stage"].widget
        assert isinstance(widget, forms.Select)  # noqa: S101  # tells the type checker
        return bool(widget.choices)

    @cached_property
    def offers(self) -> queries.Offers:
        """Customers to choose from."""
        written, chosen = str(self["name"].value() or ""), str(self["customer"].value() or "")
        return queries.offers(self.actor, plain_text(written), chosen, self.known)

    def clean_next_on(self) -> Any:
        """Not in the past."""
        on = self.cleaned_data["next_on"]
        return on if on is None else actions.still_ahead(on)

    def clean(self) -> dict[str, Any]:
        """The customer who is meant, and a day for the step."""
        cleaned = super().clean() or {}
        if "name" in cleaned:
            self._find_customer(cleaned["name"], cleaned.get("customer", ""))
        if cleaned.get("next_text") and not cleaned.get("next_on") and "next_on" in cleaned:
            self.add_error("next_on", _("Choose a day."))
        return cleaned

    def _find_customer(self, name: str, chosen: str) -> None:
        if chosen == queries.NEW:
            self.known = tuple(queries.of_the_same_name(self.actor, name))
            if self.known:
                self.add_error("name", _("A customer of this name exists already. Which is it?"))
        elif chosen != queries.ANOTHER:
            self.found = self._visible(chosen)
            if self.found is None or not can_mean(self.found.name, name):
                self.known = tuple(queries.of_the_same_name(self.actor, name))
                self.add_error("name", _("Choose which customer this is."))

    def _visible(self, chosen: str) -> Customer | None:
        if not (chosen.isascii() and chosen.isdigit()):
            return None
        return visible_customers(self.actor).filter(pk=int(chosen[:18])).first()

    found: Customer | None = None

    def made(self) -> Deal | None:
        """The deal that this form began already."""
        return Deal.objects.filter(external_id=self.number).first()

    def perform(self) -> Deal:
        """Create the customer where it is new, begin the deal, plan its next step."""
        said = self.cleaned_data
        customer = self.found or create_customer(self.actor, name=said["name"])
        deal = actions.create_deal(
            self.actor,
            title=said["title"],
            customer=customer,
            owner=said["owner"],
            process=said["stage"].process,
            stage=said["stage"],
            amount=said["amount"],
            close_date=said["close_date"],
            external_id=self.number,
        )
        if said["next_on"]:
            actions.plan_next_step(
                self.actor, deal, said["next_on"], text=said["next_text"] or None
            )
        return deal
