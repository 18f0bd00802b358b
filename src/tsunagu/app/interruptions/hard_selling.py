"""Asks why before an offer goes out on an interrupted deal whose needs are not re-confirmed.

A hard offer is a quote of ours while any case lives, or a changed amount once a case is confirmed:
on a mere suspicion that is as often the record catching up. It is not forbidden: the reason is kept
on the case. Imports are exempt; they tell what was.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.deals.offers import ReasonWantedError
from tsunagu.app.interruptions import folding, gates
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.passing import Gate, passages
from tsunagu.app.interruptions.states import LIVING, RESTARTABLE, Step
from tsunagu.app.people.models import User


def offer_made(user: User, deal: Deal, offer: Event, why: str) -> None:
    """Keep ``why`` on the deal's living case, if the offer came before its needs were re-confirmed.

    Called within the transaction that recorded the offer and holds the deal's lock.

    Raises:
        ReasonWantedError: it did, and there is no reason; the offer is not recorded then.
    """
    states = LIVING if offer.kind == Kind.QUOTE else RESTARTABLE
    case = Interruption.objects.filter(deal=deal, state__in=states).first()
    if case is None or offer.at < case.opened_at:
        return
    case.deal = deal
    if _needs_were_known(case, offer.at):
        return
    if not why.strip():
        raise ReasonWantedError(
            _(
                "There is an interruption, and what the customer needs now is not re-confirmed. "
                "An offer now may push them away. If you offer all the same, say why."
            )
        )
    folding.decide(
        case, Step.OFFER, by=user, value=offer.kind, text=why.strip()[:2000], fact_at=offer.at
    )


def _needs_were_known(case: Interruption, at: datetime) -> bool:
    passed = passages(gates.facts_of([case])[case.pk])
    return any(p.gate == Gate.NEEDS and p.at <= at for p in passed)
