"""To which stage a resumed deal returns: the one that the evidence supports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from tsunagu.app.deals.models import Deal, Event, Kind, Stage
from tsunagu.app.interruptions import gates
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.passing import Gate, Passage, passages

QUOTES_READ = 500
"""Of so many latest quotes the usual stage is taken."""

QUOTES_NEEDED = 5


@dataclass(frozen=True)
class Return:
    """The stage (None where the process has none to offer), and why."""

    stage: Stage | None
    why: str


def suggested(case: Interruption) -> Return:
    """The stage for ``case`` (with its deal), from its gates and the process's own history."""
    deal = case.deal
    stages = list(Stage.objects.filter(process=deal.process_id, retired=False))
    passed = {p.gate: p for p in passages(gates.facts_of([case])[case.pk])}
    if not stages:
        return Return(None, "")
    if Gate.PROPOSAL in passed:
        return _with_a_proposal(deal, stages, passed[Gate.PROPOSAL])
    if Gate.NEEDS in passed:
        return Return(
            _not_later(_before(quoting_stage(deal), stages), deal, stages),
            _("The needs are re-confirmed, there is no proposal yet: the stage before quoting."),
        )
    return Return(stages[0], _("No needs are re-confirmed: the sale begins at the first stage."))


def _with_a_proposal(deal: Deal, stages: list[Stage], proposal: Passage) -> Return:
    quoting = quoting_stage(deal)
    here = deal.stage if deal.stage in stages else stages[0]
    if proposal.note is not None:
        return Return(here, _("The former proposal stands: where the deal was."))
    if quoting is None:
        return Return(here, _("A new proposal is out: where the deal was."))
    words = _("A new proposal is out: “%(stage)s” is where quotes are usually made.")
    return Return(quoting, words % {"stage": quoting.name})


def _before(quoting: Stage | None, stages: list[Stage]) -> Stage:
    """The stage before quoting; the first where that is the first or not known."""
    place = stages.index(quoting) if quoting is not None else 0
    return stages[max(0, place - 1)]


def _not_later(stage: Stage, deal: Deal, stages: list[Stage]) -> Stage:
    """``stage``, or where the deal stands if that comes before it."""
    here = deal.stage
    return here if here is not None and here in stages[: stages.index(stage)] else stage


def quoting_stage(deal: Deal) -> Stage | None:
    """The stage in which the quotes of the deal's process were made most often.

    None where fewer than :data:`QUOTES_NEEDED` are known.
    """
    then = Event.objects.filter(deal=OuterRef("deal"), kind=Kind.STAGE, at__lte=OuterRef("at"))
    quotes = Event.objects.filter(deal__process=deal.process_id, kind=Kind.QUOTE).order_by("-pk")
    named = quotes.annotate(stage=Subquery(then.order_by("-at").values("value")[:1]))
    seen = Counter(key for key in named.values_list("stage", flat=True)[:QUOTES_READ] if key)
    if seen.total() < QUOTES_NEEDED:
        return None
    key = max(seen, key=lambda k: (seen[k], k))
    return Stage.objects.filter(process=deal.process_id, key=key, retired=False).first()
