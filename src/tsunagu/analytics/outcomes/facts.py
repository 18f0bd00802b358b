"""Static attributes and amounts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tsunagu.analytics.outcomes.arrays import Floats, Ints
from tsunagu.analytics.outcomes.view import Columns, View
from tsunagu.analytics.outcomes.vocabulary import codes


def attributes(view: View) -> Columns:
    """Attributes known at creation: numbers as they are, texts and the owner as codes."""
    s, deal = view.sequences, view.moments.deal
    columns: dict[str, Floats | Ints] = {}
    for name in view.vocabulary.numbers:
        values = s.attributes[name].cast(pa.float64()).fill_null(np.nan).to_numpy()
        columns[f"number[{name}]"] = values[deal]
        columns[f"rest_1000[{name}]"] = np.mod(values[deal], 1_000.0)
    for name, words in view.vocabulary.levels.items():
        code = codes(s.owner if name == "owner" else s.attributes[name], words)
        columns[f"level[{name}]"] = code[deal]
    return columns


def amounts(view: View) -> Columns:
    """Amounts on steps: last, sum, mean and greatest; none if the log has no amounts."""
    amount = view.sequences.amount
    known = np.isfinite(amount)
    if not known.any():
        return {}
    count = view.total(known)
    total = view.total(np.nan_to_num(amount))
    last = view.latest(known)
    columns = {"amount_sum": total, "amount_mean": total / np.where(count > 0, count, np.nan)}
    columns["amount_last"] = np.where(last >= 0, amount[np.maximum(last, 0)], np.nan)
    columns["amount_most"] = _most(view, np.nan_to_num(amount))
    return columns


def _most(view: View, amount: Floats) -> Floats:
    low = amount - amount.min()
    high = float(low.max()) + 1.0
    deal = view.sequences.deal
    running = np.maximum.accumulate(low + deal * high) - deal * high + amount.min()
    return view.at_last(running)
