"""Latencies made of others: one after the other, or one of several."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, overload

from raceexplore.sim.latency.quantiles import Latency, require, share

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

STEPS = 65_535  # of a probability: van der Corput's first 65,535 fractions


@dataclass(frozen=True, slots=True, init=False)
class Sum:
    """The seconds of all ``parts``, one after the other, each drawn for itself.

    Also written ``LogNormal(0.09, 0.1) + Fixed(0.005)``.
    """

    parts: tuple[Latency, ...]

    def __init__(self, *parts: Latency) -> None:
        require(bool(parts), "Sum: it needs at least one latency")
        object.__setattr__(self, "parts", parts)

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        named = enumerate(self.parts)
        return sum(part.draw(world, f"{label} part {number}") for number, part in named)

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(self.draw(world, label))

    def __add__(self, other: Latency) -> Sum:
        return Sum(*self.parts, other)


@dataclass(frozen=True, slots=True, init=False)
class Mixture:
    """One of several latencies: ``Mixture((0.99, fast), (0.01, slow))``.

    parts: pairs of a weight, above 0, and a latency; a weight is a share of the sum of all. The
        first one is what an undisturbed run takes.
    Raises `ValueError` for other weights, or without parts.
    """

    parts: tuple[tuple[float, Latency], ...]

    def __init__(self, *parts: tuple[float, Latency]) -> None:
        require(bool(parts), "Mixture: it needs at least one latency")
        odd = [weight for weight, _ in parts if not 0 < weight < float("inf")]
        require(not odd, f"Mixture: a weight must be above 0, not {odd[:1]}")
        object.__setattr__(self, "parts", parts)

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        options = Weighted(tuple(weight for weight, _ in self.parts))
        number = world.pick(f"{label} which", options, kind="latency")
        return self.parts[number][1].draw(world, f"{label} part {number}")

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(self.draw(world, label))

    def __add__(self, other: Latency) -> Sum:
        return Sum(self, other)


@dataclass(frozen=True, slots=True)
class Weighted(Sequence[int]):
    """Options 0, 1, ... so often as their weights say, in 65,535 steps; the first one is neutral.

    Made for `World.pick`, which takes each index equally often. No option is stored: the one at an
    index is looked up among the sums of the weights.
    """

    weights: tuple[float, ...]
    _bounds: list[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_bounds", list(accumulate(self.weights)))

    def __len__(self) -> int:
        return STEPS

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(STEPS))]
        if not -STEPS <= index < STEPS:
            raise IndexError(f"there are {STEPS} steps; {index} is none of them")
        # half a turn, so that index 0 is at the very start of the first option's share
        at = (share(index % STEPS) + 0.5) % 1.0
        return min(bisect_right(self._bounds, at * self._bounds[-1]), len(self.weights) - 1)
