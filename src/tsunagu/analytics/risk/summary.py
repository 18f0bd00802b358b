"""What a fitted model says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Summary:
    """For printing beside the model's results.

    Attributes:
        deals: deals in the log.
        outcomes: finished deals by outcome.
        first_event: first creation of a deal, None without deals.
        observed_until: instant up to which facts were known.
        landmarks: weekly landmarks learned from.
        break_offs: broken-off deals seen at one landmark or more.
        trees_weight: weight of the trees against the prior scorecard, 0 to 1.
        rounds: boosting rounds; 0: no trees.
        statement: how much history there is and what follows, in English.
        statement_ja: the same in Japanese.
        calibration: how hazards were calibrated.
        seed: of the fit.
        settings: of the fit.
        versions: of Tsunagu and LightGBM.
        fingerprint: of the data: the same deals, ends and numbers of events give the same one.
    """

    deals: int
    outcomes: Mapping[str, int]
    first_event: datetime | None
    observed_until: datetime
    landmarks: int
    break_offs: int
    trees_weight: float
    rounds: int
    statement: str
    statement_ja: str
    calibration: str
    seed: int
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    fingerprint: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        first = self.first_event.isoformat() if self.first_event else None
        times = {"first_event": first, "observed_until": self.observed_until.isoformat()}
        return asdict(self) | times

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Summary:
        """Back from JSON."""
        first = data["first_event"]
        times = {
            "first_event": datetime.fromisoformat(first) if first else None,
            "observed_until": datetime.fromisoformat(data["observed_until"]),
        }
        return cls(**(data | times))


def state_history(break_offs: int, ample: int, weight: float) -> tuple[str, str]:
    """How much there is to learn from, and what follows: English, Japanese."""
    if weight == 0.0:
        return (
            f"{break_offs} of about {ample} break-offs to learn from: "
            "the shipped scorecard speaks alone.",
            f"学習に使える中途は{break_offs}件です（目安は約{ample}件）。"
            "現在は標準の評価表だけで判定しています。",
        )
    share = f"{weight:.0%}"
    if break_offs < ample:
        return (
            f"{break_offs} of about {ample} break-offs to learn from: your own history weighs "
            f"{share}, the shipped scorecard the rest.",
            f"学習に使える中途は{break_offs}件です（目安は約{ample}件）。"
            f"自社の実績を{share}、残りを標準の評価表で判定しています。",
        )
    return (
        f"{break_offs:,} break-offs to learn from: your own history weighs {share}.",
        f"学習に使える中途は{break_offs:,}件です。自社の実績を{share}の重みで判定しています。",
    )
