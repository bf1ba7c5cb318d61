"""What a load draws: shares of an interval, gaps between arrivals, popular keys."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, overload

from raceexplore.sim.latency.composed import STEPS, Weighted
from raceexplore.sim.latency.quantiles import require, share

if TYPE_CHECKING:
    from raceexplore.kernel.world import World


class Shares(Sequence[float]):
    """The fractions k / 65,536 as options of `World.pick`, 1/2 first; nothing is stored.

    So many that the mean of a gap is right to one in ten thousand.
    """

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


@lru_cache(maxsize=32)
def ranks(count: int, exponent: float) -> Weighted:
    """Return the ranks 0, 1, ... of ``count`` items, so often as Zipf's law says.

    The probabilities fall as ``1 / (rank + 1) ** exponent``. Made once, since they are as many.
    """
    require(count >= 1, f"zipf: it needs at least one item, not {count}")
    require(exponent >= 0, f"zipf: an exponent is 0 or more, not {exponent}")
    return Weighted(tuple((rank + 1) ** -exponent for rank in range(count)))


def zipf(world: World, label: str, count: int, exponent: float = 1.0) -> int:
    """Return a rank from 0 to below ``count``, the small ones so often as Zipf's law says."""
    return world.pick(label, ranks(count, exponent))
