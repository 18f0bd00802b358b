"""The span of days whose risk orders a list of deals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from tsunagu.analytics.contracts import Outcome, incidence_column
from tsunagu.analytics.risk.arrays import Floats


@dataclass(frozen=True)
class Window:
    """Break-offs later than ``after`` days from now, and at most ``until`` days.

    A list of limited length helps most if it names each deal while there is time to act.  Ordered
    by the next 7 days it names sure cases too late; by the next 90, the same deals fill it week
    after week.
    """

    until: int
    after: int = 0

    def risk(self, scores: pa.Table) -> Floats:
        """(n,) probability of breaking off in the window, from a score table."""
        risk: Floats = _broken_off(scores, self.until)
        return risk - _broken_off(scores, self.after) if self.after else risk


DEFAULT_WINDOW = Window(30)


def window_for(windows: Mapping[int, Window], lead: int) -> Window:
    """The window for at least ``lead`` days of warning: the longest known that is not longer."""
    known = [days for days in windows if days <= lead]
    return windows[max(known)] if known else DEFAULT_WINDOW


def _broken_off(scores: pa.Table, horizon: int) -> Floats:
    column: Floats = scores[incidence_column(Outcome.BROKEN_OFF, horizon)].to_numpy()
    return column
