"""Latencies with a memory: slow calls come together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raceexplore.sim.latency.composed import Sum, Weighted
from raceexplore.sim.latency.distributions import STANDARD
from raceexplore.sim.latency.quantiles import QUANTILES, Distribution, Latency, require, share

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

SHARES = tuple(share(index) for index in range(QUANTILES))


@dataclass(frozen=True, slots=True)
class Correlated:
    """Calls whose latency follows ``latency``, but resembles that of the call before.

    rho: the correlation of the normal scores of two successive calls with one label, from 0 (none)
        to below 1. Independent draws understate how long a series of calls may take.
    Raises `ValueError` for another rho.
    """

    latency: Distribution
    rho: float

    def __post_init__(self) -> None:
        require(0 <= self.rho < 1, f"Correlated: rho must be from 0 to below 1, not {self.rho}")

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        fresh = STANDARD.inv_cdf(world.pick(label, SHARES, kind="latency"))
        scores: dict[str, float] = world.remember(("correlated", self), dict)
        before = scores.get(label)
        score = fresh
        if before is not None:
            score = self.rho * before + math.sqrt(1 - self.rho**2) * fresh
        scores[label] = score
        return float(f"{self.latency.quantile(STANDARD.cdf(score)):.12g}")

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(self.draw(world, label))

    def __add__(self, other: Latency) -> Sum:
        return Sum(self, other)


@dataclass(frozen=True, slots=True)
class CalmStorm:
    """A service with two moods (a Markov chain): ``calm`` at first, now and then in a ``storm``.

    calm, storm: the latencies of the two moods.
    storm_comes: the probability that a call in the calm begins a storm.
    storm_goes: the probability that a call in a storm ends it.
    All calls with one label share one mood. Raises `ValueError` for other probabilities.
    """

    calm: Latency
    storm: Latency
    storm_comes: float
    storm_goes: float

    def __post_init__(self) -> None:
        for name in ("storm_comes", "storm_goes"):
            value = getattr(self, name)
            require(0 < value < 1, f"CalmStorm: {name} must be between 0 and 1, not {value}")

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        storms: set[str] = world.remember(("storms", self), set)
        change = self.storm_goes if label in storms else self.storm_comes
        if world.pick(f"{label} mood", Weighted((1 - change, change)), kind="latency"):
            storms.symmetric_difference_update((label,))
        if label in storms:
            return self.storm.draw(world, f"{label} in a storm")
        return self.calm.draw(world, label)

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(self.draw(world, label))

    def __add__(self, other: Latency) -> Sum:
        return Sum(self, other)
