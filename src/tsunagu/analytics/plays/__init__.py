"""What plays do for interrupted deals, and which to take next."""

from tsunagu.analytics.plays.cases import case_schema, usable
from tsunagu.analytics.plays.effects import fit
from tsunagu.analytics.plays.hardness import HARDNESS, with_hardness
from tsunagu.analytics.plays.recommending import Recommendation, recommend
from tsunagu.analytics.plays.results import Estimate, PlayEffect, PlayEffects, Verdict

__all__ = [
    "HARDNESS",
    "Estimate",
    "PlayEffect",
    "PlayEffects",
    "Recommendation",
    "Verdict",
    "case_schema",
    "fit",
    "recommend",
    "usable",
    "with_hardness",
]
