"""Features as of a snapshot time, as Ibis expressions."""

from tsunagu.analytics.features.batches import feature_tables
from tsunagu.analytics.features.kept import KeptFacts
from tsunagu.analytics.features.prepared import PreparedFeatures
from tsunagu.analytics.features.recipe import FittedFeatures, fit_features
from tsunagu.analytics.features.snapshots import after_each_event, current, weekly
from tsunagu.analytics.features.specs import GROUPS, FeatureSpec

__all__ = [
    "GROUPS",
    "FeatureSpec",
    "FittedFeatures",
    "KeptFacts",
    "PreparedFeatures",
    "after_each_event",
    "current",
    "feature_tables",
    "fit_features",
    "weekly",
]
