"""A simulated sales organisation whose truth is known.

It feeds the demo and the load tests.  It is never evidence of a model's quality.
"""

from tsunagu.analytics.simulation.parameters import Parameters
from tsunagu.analytics.simulation.simulator import DEFAULT_END, SimulationReport, simulate

__all__ = ["DEFAULT_END", "Parameters", "SimulationReport", "simulate"]
