"""A limit on processor time, as the kernel's CFS bandwidth control enforces it.

Source: Linux, Documentation/scheduler/sched-bwc.rst. A group may use ``quota`` seconds of processor
time in each ``period``; processors draw it from the group's pool in slices; when the pool is empty,
every task of the group stops until the next period fills it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadOption

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

PERIOD_S = 0.100
SLICE_S = 0.005
PHASES = tuple(k / 64 for k in range(64))  # of a period, at the start of the run
_CPU = re.compile(r"(\d+(?:\.\d+)?)(m?)")


def processors(text: str | float) -> float:
    """Return how many processors Kubernetes' ``250m`` or ``0.5`` are. Raises `BadOption`."""
    found = _CPU.fullmatch(str(text))
    share = 0.0 if found is None else float(found[1]) / (1000 if found[2] else 1)
    if share <= 0:
        raise BadOption(f"a processor limit is like '250m' or 0.5, not {text!r}")
    return share


class Quota:
    """The processor time of one host.

    share: processors that it may use on average; None: no limit.
    hog: processors that somebody else of the host keeps busy, out of the same quota. hogged: called
        when somebody computes beside it.
    periods, throttled: how many periods have begun with work to do, and in how many of them it had
        to stop (``nr_periods``, ``nr_throttled``). throttled_s: seconds for which it was stopped.
    """

    def __init__(self, world: World, name: str, share: float | None) -> None:
        self._world = world
        self._name = name
        self.share = share
        self.hog = 0.0
        self.hogged: Callable[[], object] = lambda: None
        self.periods = self.throttled = 0
        self.throttled_s = 0.0
        self._left_s = 0.0
        self._period = -1
        self._stopped = -1
        self._phase_s: float | None = None

    async def use(self, seconds: float) -> None:
        """Compute for ``seconds`` of processor time; it takes longer where the quota is used up."""
        if self.share is None:
            await self._world.sleep(seconds)
            return
        needed_s = seconds
        if self.hog:
            self.hogged()
        while needed_s > 1e-12:  # below a picosecond is rounding
            self._refill()
            if self._left_s <= 1e-12:
                await self._throttle()
                continue
            slice_s = min(SLICE_S, needed_s, self._left_s / (1 + self.hog))
            self._left_s -= slice_s * (1 + self.hog)
            needed_s -= slice_s
            await self._world.sleep(slice_s)

    def _begin_s(self) -> float:
        """Return how far the first period had come when the run began: a choice."""
        if self._phase_s is None:
            phase = self._world.pick(f"{self._name} period", PHASES, kind="latency")
            self._phase_s = phase * PERIOD_S
        return self._phase_s

    def _refill(self) -> None:
        self._world.used(self._name, ".cpu", write=True)
        period = math.floor((self._world.now() + self._begin_s()) / PERIOD_S + 1e-9)
        if period != self._period:
            assert self.share is not None
            self._period, self._left_s = period, self.share * PERIOD_S
            self.periods += 1

    async def _throttle(self) -> None:
        """Stop until the next period."""
        if self._stopped != self._period:
            self._stopped = self._period
            self.throttled += 1
        next_s = (self._period + 1) * PERIOD_S - self._begin_s()
        wait_s = max(next_s - self._world.now(), 0.0)
        self.throttled_s += wait_s
        await self._world.sleep(wait_s)
