"""What a load draws: shares of an interval, gaps between arrivals, popular keys."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, overload

from raceexplore.sim.latency.quantiles import require, share

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

STEPS = 65_535  # van der Corput's first: the mean of a gap is right to one in ten thousand


class Shares(Sequence[float]):
    """The fractions k / 65,536 as options of `World.pick`, 1/2 first; nothing is stored."""

    def __len__(self) -> int:
        return STEPS

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> float | list[float]:
        if isinstance(index, slice):
            return [share(i) for i in range(*index.indices(STEPS))]
        if not -STEPS <= index < STEPS:
            raise IndexError(f"there are {STEPS} shares; {index} is none of them")
        return share(index % STEPS)


SHARES = Shares()


def shares(world: World, label: str, count: int) -> list[float]:
    """Return ``count`` fractions of an interval, drawn one by one."""
    return [world.pick(f"{label} arrival", SHARES) for _ in range(count)]


def gap(world: World, label: str) -> float:
    """Return the time to the next arrival of a Poisson process, in units of its mean."""
    return -math.log1p(-world.pick(f"{label} gap", SHARES))


class Ranks(Sequence[int]):
    """Ranks 0, 1, ... with probabilities that fall as ``1 / (rank + 1) ** exponent``: Zipf's law.

    Options for `World.pick`; the first one is the most popular.
    """

    def __init__(self, count: int, exponent: float) -> None:
        require(count >= 1, f"zipf: it needs at least one item, not {count}")
        require(exponent >= 0, f"zipf: an exponent is 0 or more, not {exponent}")
        self._bounds = list(accumulate((rank + 1) ** -exponent for rank in range(count)))

    def __len__(self) -> int:
        return STEPS

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(STEPS))]
        # half a turn, so that index 0 is the most popular item
        at = (SHARES[index] + 0.5) % 1.0
        return min(bisect_right(self._bounds, at * self._bounds[-1]), len(self._bounds) - 1)


@lru_cache(maxsize=32)
def ranks(count: int, exponent: float) -> Ranks:
    """Return the ranks of ``count`` items: made once, since the bounds are as many."""
    return Ranks(count, exponent)


def zipf(world: World, label: str, count: int, exponent: float = 1.0) -> int:
    """Return a rank from 0 to below ``count``, the small ones so often as Zipf's law says."""
    return world.pick(label, ranks(count, exponent))
