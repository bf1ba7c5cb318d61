"""Distributions of seconds with a closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Self

from raceexplore.sim.latency.composed import Sum
from raceexplore.sim.latency.quantiles import Latency, drawn, lasting, require

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

STANDARD = NormalDist()
TRIES = 11  # WireMock draws again at most 10 times before it takes the cap


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Seconds whose logarithm is normal: ``median_s * exp(sigma * z)``, the mean is above it.

    median_s: seconds, above 0.
    sigma: of the underlying normal, 0 or more; 0.1 is calm, 1.0 has one call in a hundred ten
        times as long as the median.
    cap_s: seconds that no call exceeds, at least the median. A value above it is drawn again, at
        most 10 times, and then is the cap (WireMock's ``maxValue``): ``P(X = cap) = P(X >
        cap) ** 11``.
    Raises `ValueError` for other values.
    """

    median_s: float
    sigma: float
    cap_s: float = math.inf

    def __post_init__(self) -> None:
        median, sigma, cap = self.median_s, self.sigma, self.cap_s
        require(0 < median < math.inf, f"LogNormal: median_s must be above 0, not {median}")
        require(0 <= sigma < math.inf, f"LogNormal: sigma must be 0 or more, not {sigma}")
        require(cap >= median, f"LogNormal: cap_s must be {median} (the median) or more, not {cap}")

    @classmethod
    def from_quantiles(cls, *, p50_s: float, p99_s: float, cap_s: float = math.inf) -> Self:
        """Return the distribution with this median and this 99th percentile, both in seconds.

        Raises `ValueError` unless ``0 < p50_s <= p99_s``.
        """
        ordered = 0 < p50_s <= p99_s < math.inf
        require(ordered, f"LogNormal: 0 < p50_s <= p99_s must hold, not {p50_s} and {p99_s}")
        return cls(p50_s, math.log(p99_s / p50_s) / STANDARD.inv_cdf(0.99), cap_s)

    def quantile(self, share: float) -> float:
        """Return the seconds below which a call stays with probability ``share``, in (0, 1)."""
        if self.cap_s < math.inf:
            below = self._below_cap()
            capped = (1 - below) ** TRIES
            if share >= 1 - capped:
                return self.cap_s
            share *= below / (1 - capped)
        return self.median_s * math.exp(self.sigma * STANDARD.inv_cdf(share))

    def _below_cap(self) -> float:
        """Return the probability that one draw is not above the cap."""
        if not self.sigma:
            return 1.0
        return STANDARD.cdf(math.log(self.cap_s / self.median_s) / self.sigma)

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        return drawn(self._swept(world), world, label)

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(lasting(self._swept(world), world, label))

    def _swept(self, world: World) -> LogNormal:
        """Return this distribution with the ``sigma`` that a sweep sets, if it does."""
        sigma = world.knob("sigma", self.sigma)
        return self if sigma == self.sigma else LogNormal(self.median_s, sigma, self.cap_s)

    def __add__(self, other: Latency) -> Sum:
        return Sum(self, other)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Seconds anywhere from ``low_s`` to ``high_s``, equally likely; the median is the middle.

    Raises `ValueError` unless ``0 <= low_s <= high_s``.
    """

    low_s: float
    high_s: float

    def __post_init__(self) -> None:
        ordered = 0 <= self.low_s <= self.high_s < math.inf
        require(ordered, f"Uniform: 0 <= low_s <= high_s must hold, not {self}")

    def quantile(self, share: float) -> float:
        """Return the seconds below which a call stays with probability ``share``, in (0, 1)."""
        return self.low_s + share * (self.high_s - self.low_s)

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        return drawn(self, world, label)

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(lasting(self, world, label))

    def __add__(self, other: Latency) -> Sum:
        return Sum(self, other)


@dataclass(frozen=True, slots=True)
class Exponential:
    """Seconds without memory, ``mean_s`` on average; the median is 0.69 of the mean.

    Raises `ValueError` unless ``mean_s`` is above 0.
    """

    mean_s: float

    def __post_init__(self) -> None:
        held = 0 < self.mean_s < math.inf
        require(held, f"Exponential: mean_s must be above 0, not {self.mean_s}")

    def quantile(self, share: float) -> float:
        """Return the seconds below which a call stays with probability ``share``, in (0, 1)."""
        return -self.mean_s * math.log1p(-share)

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        return drawn(self, world, label)

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(lasting(self, world, label))

    def __add__(self, other: Latency) -> Sum:
        return Sum(self, other)


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same ``seconds``, 0 or more: nothing for a schedule to choose.

    Raises `ValueError` for a negative or infinite number.
    """

    seconds: float

    def __post_init__(self) -> None:
        finite = 0 <= self.seconds < math.inf
        require(finite, f"Fixed: seconds must be 0 or more, not {self.seconds}")

    def quantile(self, share: float) -> float:
        """Return ``seconds``."""
        return self.seconds

    def draw(self, world: World, label: str) -> float:
        """Return ``seconds``."""
        return self.seconds

    async def sleep(self, world: World, label: str) -> None:
        """Let ``seconds`` pass."""
        await world.sleep(self.seconds)

    def __add__(self, other: Latency) -> Sum:
        return Sum(self, other)
