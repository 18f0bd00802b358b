"""How will this deal be decided?  Asked after any event, or at any moment, of any event log."""

from tsunagu.analytics.outcomes.decisions import DECISION_SCHEMA
from tsunagu.analytics.outcomes.model import OutcomeModel
from tsunagu.analytics.outcomes.settings import Settings, sized

__all__ = ["DECISION_SCHEMA", "OutcomeModel", "Settings", "sized"]
