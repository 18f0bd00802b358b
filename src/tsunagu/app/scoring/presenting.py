"""Versions and findings as the pages show them, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tsunagu.app.scoring import lifecycle
from tsunagu.app.scoring.active import active_version
from tsunagu.app.scoring.models import DriftFinding, DriftKind, RiskModelVersion, State


def language() -> Literal["ja", "en"]:
    """The reader's, as the analytics name it."""
    return "ja" if get_language() == "ja" else "en"


@dataclass(frozen=True)
class Shown:
    """A version with its words."""

    version: RiskModelVersion

    @property
    def reason(self) -> str:
        """Why it was taken or not; empty where it met nobody."""
        return lifecycle.reason(self.version.verdict, language())

    @property
    def statement(self) -> list[str]:
        """Its card in sentences; empty where it has none yet."""
        return lifecycle.card_words(self.version.card, language())

    @property
    def limits(self) -> list[str]:
        """What it must not be used for."""
        return lifecycle.limits(language())

    @property
    def may_return(self) -> bool:
        """Whether it can be used again."""
        return self.version.state == State.RETIRED and self.version.pruned_at is None

    @property
    def figures(self) -> list[tuple[str, list[str]]]:
        """Rows of the comparison: what was measured, and each model's figure."""
        models = (self.version.card.get("trial") or {}).get("models", [])
        return [
            (words, [_figure(model["figures"].get(key), share) for model in models])
            for key, words, share in _measures()
            if any(key in model["figures"] for model in models)
        ]

    @property
    def compared(self) -> list[str]:
        """Who was compared."""
        models = (self.version.card.get("trial") or {}).get("models", [])
        return [_contenders()[model["name"]] for model in models]

    @property
    def how(self) -> list[tuple[str, str]]:
        """What it takes to make it again."""
        summary = self.version.summary
        versions = ", ".join(f"{k} {v}" for k, v in sorted(summary.get("versions", {}).items()))
        settings = ", ".join(f"{k}={v}" for k, v in sorted(summary.get("settings", {}).items()))
        rows = [
            (_("Records until"), summary.get("observed_until", "")),
            (_("Fingerprint of the records"), self.version.fingerprint),
            (_("Seed"), str(summary.get("seed", ""))),
            (_("Packages"), versions),
            (_("Settings of the fit"), settings),
        ]
        return [row for row in rows if row[1]]


def _contenders() -> dict[str, str]:
    return {
        "challenger": _("This model"),
        "champion": _("Model in use then"),
        "stage_rate": _("Plain rate by stage"),
    }


def _measures() -> list[tuple[str, str, bool]]:
    return [
        ("ibs", _("Error of the probabilities (integrated Brier score, less is better)"), False),
        ("auc", _("Order by risk (AUC in 30 days, 0.5 is chance)"), False),
        ("ece", _("Distance of forecast and fact (calibration error)"), True),
        ("warned_14_at_10", _("Break-offs listed 14 days before, 10 deals of 100 a week"), True),
        ("precision_at_10", _("Listed deals that did break off"), True),
    ]


def _figure(value: float | None, share: bool) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" if share else f"{value:.3f}"


def rows(versions: Iterable[RiskModelVersion]) -> list[Shown]:
    """Versions with their words."""
    return [Shown(version) for version in versions]


def card_in_use() -> Shown | None:
    """The model in use with its card; None before the first fit."""
    version = active_version()
    return Shown(version) if version else None


@dataclass(frozen=True)
class Told:
    """A finding in words: what drifted, and what to do."""

    finding: DriftFinding
    what: str
    remedy: str


def findings(found: Iterable[DriftFinding]) -> list[Told]:
    """Findings with their words."""
    version = active_version()
    labels = version.drift.get("features", {}).get("labels", {}) if version else {}
    return [Told(f, _what(f, labels), _remedies()[f.kind]) for f in found]


def _what(finding: DriftFinding, labels: dict[str, list[str]]) -> str:
    reading, subject = finding.reading, finding.subject
    if finding.kind == DriftKind.FEATURES:
        names = labels.get(subject, [subject, subject])
        name = names[0 if language() == "ja" else 1]
        words = _("“%(name)s” is distributed otherwise than when the model learned.")
        return words % {"name": name}
    if finding.kind == DriftKind.CALIBRATION:
        words = _("%(ratio)s times as many break-offs came as were expected.")
    elif subject == "deals":
        words = _("Last week brought %(ratio)s times the usual number of new deals.")
    else:
        words = _("Last week brought %(ratio)s times the usual number of records.")
    return words % {"ratio": f"{reading['value']:.2f}"}


def _remedies() -> dict[str, str]:
    return {
        DriftKind.FEATURES: _(
            "See whether the way of recording or the process changed. If the change is meant to "
            "stay, fit now; else mend the records first."
        ),
        DriftKind.CALIBRATION: _(
            "Take the order of the deals seriously, the percentages less. Fit now; if it stays, "
            "use an earlier model again."
        ),
        DriftKind.VOLUME: _(
            "See whether imports and connections still run, and whether the team records as before."
        ),
    }
