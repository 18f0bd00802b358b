"""The analytical library: an event log in, break risks and their reasons out.

Works without Django, on a notebook or a cluster.  The names below are the public door; each loads
its part, and that part's libraries, on first use::

    from tsunagu.analytics import RiskModel, evaluate, open_log, read_log

    read_log(["deals.csv", "calls.csv"], "crm.toml", "log")
    log = open_log("log")
    print(evaluate(log).as_rows())
    model = RiskModel.fit(log)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tsunagu.analytics.backends import connect
    from tsunagu.analytics.contracts import EventLog, Outcome
    from tsunagu.analytics.evaluation import evaluate
    from tsunagu.analytics.eventlog import open_log, read_log
    from tsunagu.analytics.outcomes import OutcomeModel
    from tsunagu.analytics.risk import RiskModel
    from tsunagu.analytics.simulation import simulate

_HOMES = {
    "EventLog": "contracts",
    "Outcome": "contracts",
    "OutcomeModel": "outcomes",
    "RiskModel": "risk",
    "connect": "backends",
    "evaluate": "evaluation",
    "open_log": "eventlog",
    "read_log": "eventlog",
    "simulate": "simulation",
}

__all__ = [
    "EventLog",
    "Outcome",
    "OutcomeModel",
    "RiskModel",
    "connect",
    "evaluate",
    "open_log",
    "read_log",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
