#!/usr/bin/env python3
"""Print the tables of docs/reference/evaluation.md from `tsunagu evaluate --json` outputs.

tsunagu evaluate ... --json > bpi.json
scripts/evaluation_docs.py bpi.json
"""

import json
import sys
from pathlib import Path
from typing import Any

COLUMNS = {
    "warned_7_at_5": "≥ 7 d, 5%",
    "warned_7_at_10": "≥ 7 d, 10%",
    "warned_7_at_20": "≥ 7 d, 20%",
    "warned_14_at_10": "≥ 14 d, 10%",
    "median_lead_at_10": "median lead, d",
    "per_warning_at_10": "alerts per warning",
    "auc_30": "AUC 30 d",
    "ibs_scaled": "scaled IBS",
    "ece_30": "ECE 30 d",
}
PERCENT = ("warned",)


def main(file: Path) -> None:
    """Print one evaluation."""
    found = json.loads(file.read_text(encoding="utf-8"))
    train, test = found["train"], found["test"]
    cut, seed, resamples = found["cut"][:10], found["seed"], found["bootstrap"]
    print(f"Cut {cut}, seed {seed}, {resamples} resamples.", end=" ")
    print(f"Learnt from {train['deals']:,} deals ({train['landmarks']:,} landmarks);", end=" ")
    print(f"judged on {test['deals']:,} deals ({test['landmarks']:,} landmarks),", end=" ")
    print(f"{found['warnable']:,} break-offs could have been warned of.\n")
    print(f"| predictor | {' | '.join(COLUMNS.values())} |\n|---|{'---:|' * len(COLUMNS)}")
    for each in sorted(found["performances"], key=_place):
        cells = [_cell(key, each["figures"].get(key)) for key in COLUMNS]
        name = f"**{each['name']}**" if each["name"].startswith("tsunagu") else each["name"]
        print(f"| {name} | {' | '.join(cells)} |")


def _place(performance: dict[str, Any]) -> float:
    return -(performance["figures"]["warned_7_at_10"]["value"] or 0.0)


def _cell(key: str, figure: dict[str, float | None] | None) -> str:
    if figure is None or figure["value"] is None:
        return "–"
    show = "{:.0%}" if key.startswith(PERCENT) else "{:.3f}"
    if key in ("median_lead_at_10", "per_warning_at_10"):
        return f"{figure['value']:.1f}"
    if figure["low"] is None:
        return show.format(figure["value"])
    return f"{show} ({show}–{show})".format(figure["value"], figure["low"], figure["high"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
