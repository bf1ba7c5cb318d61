"""Room 3: the outside world, simulated; its names are public, for programs under test."""

from raceexplore.sim.latency import (
    CalmStorm,
    Correlated,
    Empirical,
    Exponential,
    Fixed,
    Latency,
    LogNormal,
    Mixture,
    Sum,
    Uniform,
)
from raceexplore.sim.unmodelled import MissingExtra, Unmodelled

__all__ = [
    "CalmStorm",
    "Correlated",
    "Empirical",
    "Exponential",
    "Fixed",
    "Latency",
    "LogNormal",
    "MissingExtra",
    "Mixture",
    "Sum",
    "Uniform",
    "Unmodelled",
]
