"""Room 3: the outside world, simulated; its names are public, for programs under test."""

from raceexplore.sim.latency import Fixed, Latency, LogNormal, Uniform

__all__ = ["Fixed", "Latency", "LogNormal", "Uniform"]
