"""Stubbed latency: how long a call takes, as a quantile that the schedule chooses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Protocol, overload

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

QUANTILES = 1023
_STANDARD = NormalDist()


class Latency(Protocol):
    """A distribution of seconds; what `LogNormal`, `Fixed` and `Uniform` have in common."""

    def quantile(self, share: float) -> float:
        """Return the seconds below which a call stays with probability ``share``, in (0, 1)."""
        ...

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        ...

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        ...


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Seconds whose logarithm is normal: ``median_s * exp(sigma * z)``, the mean is above it.

    median_s: seconds, above 0. sigma: of the underlying normal, 0 or more; 0.1 is calm, 1.0 has
        one call in a hundred ten times as long as the median.
    Raises `ValueError` for other values.
    """

    median_s: float
    sigma: float

    def __post_init__(self) -> None:
        median, sigma = self.median_s, self.sigma
        _require(0 < median < math.inf, f"LogNormal: median_s must be above 0, not {median}")
        _require(0 <= sigma < math.inf, f"LogNormal: sigma must be 0 or more, not {sigma}")

    def quantile(self, share: float) -> float:
        """Return the seconds below which a call stays with probability ``share``, in (0, 1)."""
        return self.median_s * math.exp(self.sigma * _STANDARD.inv_cdf(share))

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        return _draw(self, world, label)

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(_draw(self, world, label))


@dataclass(frozen=True, slots=True)
class Uniform:
    """Seconds anywhere from ``low_s`` to ``high_s``, equally likely; the median is the middle.

    Raises `ValueError` unless ``0 <= low_s <= high_s``.
    """

    low_s: float
    high_s: float

    def __post_init__(self) -> None:
        ordered = 0 <= self.low_s <= self.high_s < math.inf
        _require(ordered, f"Uniform: 0 <= low_s <= high_s must hold, not {self}")

    def quantile(self, share: float) -> float:
        """Return the seconds below which a call stays with probability ``share``, in (0, 1)."""
        return self.low_s + share * (self.high_s - self.low_s)

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        return _draw(self, world, label)

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(_draw(self, world, label))


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same ``seconds``, 0 or more: nothing for a schedule to choose.

    Raises `ValueError` for a negative or infinite number.
    """

    seconds: float

    def __post_init__(self) -> None:
        finite = 0 <= self.seconds < math.inf
        _require(finite, f"Fixed: seconds must be 0 or more, not {self.seconds}")

    def quantile(self, share: float) -> float:
        """Return ``seconds``."""
        return self.seconds

    def draw(self, world: World, label: str) -> float:
        """Return ``seconds``."""
        return self.seconds

    async def sleep(self, world: World, label: str) -> None:
        """Let ``seconds`` pass."""
        await world.sleep(self.seconds)


@dataclass(frozen=True, slots=True)
class Quantiles(Sequence[float]):
    """The 1,023 quantiles of ``latency`` at 1/1024 steps, the median first.

    The order is van der Corput's (1935): 1/2, 1/4, 3/4, 1/8, 5/8, 3/8, 7/8, 1/16, ... A small
    index is a simple fraction, so that a shrinker that lowers indices ends at the median. Seconds
    have 12 significant digits: another platform's ``exp`` may differ beyond them, and a seed must
    give the same run there.
    """

    latency: Latency

    def __len__(self) -> int:
        return QUANTILES

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> float | list[float]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(QUANTILES))]
        if not -QUANTILES <= index < QUANTILES:
            raise IndexError(f"there are {QUANTILES} quantiles; {index} is none of them")
        return float(f"{self.latency.quantile(share(index % QUANTILES)):.12g}")


def share(index: int) -> float:
    """Return the fraction at ``index`` of van der Corput's order: the bits of index + 1, mirrored.

    0 -> 1/2, 1 -> 1/4, 2 -> 3/4, 3 -> 1/8. Exact in binary floating point.
    """
    number = index + 1
    mirrored = int(f"{number:b}"[::-1], 2)
    return mirrored / (1 << number.bit_length())


def _draw(latency: Latency, world: World, label: str) -> float:
    return world.pick(label, Quantiles(latency), kind="latency")


def _require(held: bool, otherwise: str) -> None:  # noqa: FBT001 a condition, not an option
    if not held:
        raise ValueError(otherwise)
