"""The rules and models that teams already have, to be measured beside ours."""

from tsunagu.analytics.evaluation.baselines.hardest import HardestRule
from tsunagu.analytics.evaluation.baselines.odoo import OdooLeadScoring
from tsunagu.analytics.evaluation.baselines.rates import BaseRate, StageRate
from tsunagu.analytics.evaluation.baselines.rotting import BottleCrmRotting, Clock, RottingRule
from tsunagu.analytics.evaluation.predictor import Baseline

__all__ = [
    "BaseRate",
    "BottleCrmRotting",
    "Clock",
    "HardestRule",
    "OdooLeadScoring",
    "RottingRule",
    "StageRate",
    "default_baselines",
]


def default_baselines() -> tuple[Baseline, ...]:
    """Every baseline that an evaluation prints, in the order of its table."""
    return (
        OdooLeadScoring(),
        OdooLeadScoring(break_off=True),
        RottingRule(Clock.STAGE),
        RottingRule(Clock.STAGE, per_stage=True),
        RottingRule(Clock.UPDATE),
        RottingRule(Clock.UPDATE, per_stage=True),
        BottleCrmRotting(),
        HardestRule(),
        StageRate(),
        BaseRate(),
    )
