"""Whether a step is needed, as the deal's facts stand now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import CONTACT_KINDS, FROM_THEM, Deal, Event, Kind
from tsunagu.app.interruptions.models import Interruption, Reply
from tsunagu.app.playbooks.steps import Condition, Step


@dataclass(frozen=True)
class Known:
    """What the conditions ask."""

    answered: bool
    contact_known: bool
    amount: Decimal | None

    @classmethod
    def about(cls, case: Interruption, since: datetime) -> Known:
        """What is known of a case whose response began at ``since``: three queries."""
        deal = case.deal
        return cls(_answered(case, since), _contact_known(deal), deal.amount)

    def needs(self, step: Step) -> bool:
        """Whether the step's condition holds."""
        return {
            Condition.ALWAYS: True,
            Condition.ANSWERED: self.answered,
            Condition.NOT_ANSWERED: not self.answered,
            Condition.CONTACT_KNOWN: self.contact_known,
            Condition.NO_CONTACT_KNOWN: not self.contact_known,
            Condition.VALUE_AT_LEAST: (self.amount or 0) >= (step.amount or 0),
        }[step.condition]


def _answered(case: Interruption, since: datetime) -> bool:
    """By the case's question form, or by any word from the customer since the response began."""
    heard = Event.objects.filter(
        deal=case.deal_id, at__gt=since, kind__in=CONTACT_KINDS, direction__in=FROM_THEM
    )
    return Reply.objects.filter(inquiry__case=case).exists() or heard.exists()


def _contact_known(deal: Deal) -> bool:
    """Whether the customer has a contact person who did not leave."""
    left = Event.objects.filter(deal=deal, kind=Kind.CONTACT_LEFT).values_list("value", flat=True)
    known = Contact.objects.filter(customer=deal.customer_id)
    return known.exclude(external_id__in=[value for value in left if value]).exists()
