"""How long a stubbed call takes, as quantiles that the schedule chooses."""

from raceexplore.sim.latency.composed import Mixture, Sum
from raceexplore.sim.latency.distributions import Exponential, Fixed, LogNormal, Uniform
from raceexplore.sim.latency.measured import Empirical
from raceexplore.sim.latency.moods import CalmStorm, Correlated
from raceexplore.sim.latency.quantiles import Latency

__all__ = [
    "CalmStorm",
    "Correlated",
    "Empirical",
    "Exponential",
    "Fixed",
    "Latency",
    "LogNormal",
    "Mixture",
    "Sum",
    "Uniform",
]
