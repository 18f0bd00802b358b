"""Predictors' stable names in words."""

from __future__ import annotations

from tsunagu.analytics.contracts import Language

OURS = (
    "tsunagu",
    "tsunagu_lead_14",
    "tsunagu_30",
    "tsunagu_frozen",
    "detection",
    "detection_signals",
)

_NAMES: dict[str, tuple[str, str]] = {
    "tsunagu": ("つなぐ", "Tsunagu"),
    "tsunagu_lead_14": ("つなぐ（14日前の警告用）", "Tsunagu, for 14 days' warning"),
    "tsunagu_30": ("つなぐ（30日リスク順）", "Tsunagu, by 30-day risk"),
    "detection": ("兆候の検知", "Detection"),
    "detection_signals": ("兆候の検知（リスクなし）", "Detection, signals alone"),
    "stage_rate": ("段階別の実績率", "Rate by stage"),
    "stage_rate_window": ("段階別の実績率（同じ並べ方）", "Rate by stage, in our order"),
    "base_rate": ("全体の実績率", "Overall rate"),
    "hardest_rule": ("複合ルール（Gong型）", "Combined rule (Gong)"),
    "odoo": ("Odoo予測スコア", "Odoo lead scoring"),
    "odoo_break_off": ("Odoo方式・中途を学習", "Odoo's method, taught break-off"),
    "rotting_odoo_single": ("放置ルール Odoo・一律", "Rotting, Odoo, one limit"),
    "rotting_odoo_per_stage": ("放置ルール Odoo・段階別", "Rotting, Odoo, by stage"),
    "rotting_pipedrive_single": ("放置ルール Pipedrive・一律", "Rotting, Pipedrive, one limit"),
    "rotting_pipedrive_per_stage": ("放置ルール Pipedrive・段階別", "Rotting, Pipedrive, by stage"),
    "rotting_bottlecrm": ("放置ルール BottleCRM", "Rotting, BottleCRM"),
}


def predictor_words(name: str, language: Language) -> str:
    """What people call the predictor; its stable name where no words are set."""
    ja, en = _NAMES.get(name, (name, name))
    return ja if language == "ja" else en
