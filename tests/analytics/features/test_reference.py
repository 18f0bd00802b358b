"""The reference names every feature; run this file to write it anew."""

from __future__ import annotations

from pathlib import Path

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.recipe import candidates

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "features.md"

EVERYTHING = Learned(
    kinds=tuple(kind.value for kind in Kind if kind is not Kind.OUTCOME),
    directions=("both", "in", "out"),
    stages=(),
    steps=("…",),
    levels={"…": ()},
    numbers=(),
    stays={},
    won_stays={},
    time_zone="Asia/Tokyo",
)

_HEAD = """\
# Features

What a model may know of a deal at a snapshot: only what had happened by then. `fit_features` learns
from a log which of these it can fill (a feature whose kind of event never occurs, or that is the
same everywhere, is left out) and `FittedFeatures.transform` computes them. All are float64, null
where unknown; `stage`, `last_step` and text attributes are int32 codes, -1 for unknown or other.

- A count “in the last 7 days” covers events less than 7 × 24 hours old at the snapshot, and one at
  its very instant.
- `step:…` stands once for each of the most frequent named activities, `attr:…` once for each
  attribute of the deals, which is also its label.
- A snapshot of a deal that the log does not hold is refused.
- Where a date or an amount is missing or unreadable, the features that read it are null; a change
  of owner that names nobody changes nothing.

| name | group | Japanese | English |
|---|---|---|---|
"""


def reference() -> str:
    """The page as it should read."""
    rows = [
        f"| `{spec.name}` | {spec.group} | {spec.label_ja} | {spec.label_en} |\n"
        for spec in (feature.spec for feature in candidates(EVERYTHING))
    ]
    return _HEAD + "".join(rows)


def test_the_reference_names_every_feature_with_its_labels() -> None:
    remedy = f"run: python {Path(__file__).name}"
    assert REFERENCE.read_text(encoding="utf-8") == reference(), remedy


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
