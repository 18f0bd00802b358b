"""What people record on the way back to the customer.

Actions as in :mod:`tsunagu.app.interruptions.actions`. Each names the contact that shows what is
said: a gate passes on evidence, not on a click.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tsunagu.app.acting import written
from tsunagu.app.interruptions import folding, gates
from tsunagu.app.interruptions.actions import decided, taken
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.passing import (
    Contact,
    Facts,
    may_show_needs,
    may_show_that_it_stands,
)
from tsunagu.app.interruptions.states import Step
from tsunagu.app.people.models import User


def record_explanation(user: User, case: Interruption, at: datetime, text: str) -> Interruption:
    """Say that we explained what happened, in the contact at ``at``; begins the restart."""
    with transaction.atomic():
        found, facts = _read(user, case, Step.EXPLAIN)
        _shown(at, [c for c in facts.contacts if c.can_explain])
        said = written(text, _("Say in a few words what you explained, and what you heard."))
        decided(user, found, Step.EXPLAIN, text=said, fact_at=at)
        folding.begin_where_explained([found])
    return found


def record_needs(
    user: User, case: Interruption, at: datetime, text: str, *, who: str = ""
) -> Interruption:
    """Record what the customer needs now, as ``who`` there said in the contact at ``at``."""
    with transaction.atomic():
        found, facts = _read(user, case, Step.NEEDS)
        if not may_show_needs(facts):
            raise ValidationError(_("First explain, then talk with the customer again."))
        _shown(at, may_show_needs(facts))
        said = written(text, _("Write down what the customer needs now."))
        decided(user, found, Step.NEEDS, text=said, fact_at=at, who=who.strip()[:200])
    return found


def record_standing_proposal(
    user: User, case: Interruption, at: datetime, text: str
) -> Interruption:
    """Record that no new quote is needed, in the customer's words of the contact at ``at``."""
    with transaction.atomic():
        found, facts = _read(user, case, Step.STANDS)
        if not may_show_that_it_stands(facts):
            raise ValidationError(_("First re-confirm what the customer needs."))
        _shown(at, may_show_that_it_stands(facts))
        said = written(text, _("Write down what the customer said."))
        decided(user, found, Step.STANDS, text=said, fact_at=at)
    return found


def _read(user: User, case: Interruption, step: Step) -> tuple[Interruption, Facts]:
    found = taken(user, case, step)
    return found, gates.facts_of([found])[found.pk]


def _shown(at: datetime, contacts: Iterable[Contact]) -> None:
    if at not in {contact.at for contact in contacts}:
        raise ValidationError(_("Choose a contact with the customer that shows it."))
