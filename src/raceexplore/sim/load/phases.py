"""How much load there is and when: what NBomber calls load simulations.

Source: NBomber 5, src/NBomber/Domain/LoadSimulation.fs: an open simulation releases its whole rate
at each tick of its interval, a ramp starts from the rate or the copies of the simulation before it,
and a random rate is below its maximum. Nothing here waits: a phase says instants and numbers only.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.load.draws import gap, shares

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

ENDLESS_S = math.inf


class Spread(enum.Enum):
    """Where in its interval a request of an open phase begins.

    BURST: all at the tick, as NBomber has it. EVEN: at equal distances. POISSON: anywhere, as from
    users who know nothing of one another.
    """

    BURST = "burst"
    EVEN = "even"
    POISSON = "poisson"


@dataclass(frozen=True, slots=True)
class Open:
    """Requests begin at instants of their own, however long others take.

    rate: of each interval, at the end of the phase; low: the least rate, where it is drawn.
    interval_s, during_s: seconds. ramps: it comes from the rate of the phase before. most: requests
    in all, instead of a duration.
    """

    rate: int
    interval_s: float
    during_s: float
    spread: Spread = Spread.BURST
    low: int | None = None
    ramps: bool = False
    most: int | None = None

    def arrivals(self, world: World, label: str, before: int) -> Iterator[float]:
        """Yield the instants, in seconds from the start of the phase; before: the rate until it.

        What is drawn is drawn when the instant is asked for, but for a Poisson phase of fixed
        length, all of whose instants are drawn at once.
        """
        if self.spread is Spread.POISSON and self.most is not None:
            yield from self._gaps(world, label, self.most)
        elif self.spread is Spread.POISSON:
            count = sum(self._rate_at(tick, world, label, before) for tick in range(self.ticks))
            yield from sorted(self.during_s * each for each in shares(world, label, count))
        else:
            yield from self._ticks(world, label, before)

    @property
    def ticks(self) -> int:
        """How many intervals begin within the phase."""
        if self.most is not None:
            return math.ceil(self.most / self.rate)
        return math.ceil(self.during_s / self.interval_s - 1e-9)

    def _gaps(self, world: World, label: str, count: int) -> Iterator[float]:
        """Yield the instants of a Poisson process with this rate, ``count`` of them."""
        at_s = 0.0
        for _ in range(count):
            at_s += gap(world, label) * self.interval_s / self.rate
            yield at_s

    def _ticks(self, world: World, label: str, before: int) -> Iterator[float]:
        left = self.most
        for tick in range(self.ticks):
            rate = self._rate_at(tick, world, label, before)
            count = rate if left is None else min(rate, left)
            left = None if left is None else left - count
            each_s = self.interval_s / rate if rate and self.spread is Spread.EVEN else 0.0
            for number in range(count):
                yield tick * self.interval_s + number * each_s

    def _rate_at(self, tick: int, world: World, label: str, before: int) -> int:
        if self.low is not None:
            return world.pick(f"{label} rate", range(self.low, self.rate))
        if self.ramps:  # NBomber's ramp to 100 in ten ticks makes 450 requests (its issue 642)
            return round(before + (self.rate - before) * tick / self.ticks)
        return self.rate


@dataclass(frozen=True, slots=True)
class Closed:
    """So many copies of a user at once; each begins its next request when the last has ended.

    ramps: the number of copies comes from that of the phase before. most: requests in all.
    """

    copies: int
    during_s: float
    ramps: bool = False
    most: int | None = None

    def changes(self, before: int) -> Iterator[tuple[float, int]]:
        """Yield pairs: seconds from the start of the phase, and the number of copies from then."""
        if not self.ramps or self.copies == before:
            yield 0.0, self.copies
            return
        step = 1 if self.copies > before else -1
        for copies in range(before + step, self.copies + step, step):
            yield (copies - before) / (self.copies - before) * self.during_s, copies


@dataclass(frozen=True, slots=True)
class Pause:
    """No new request for ``during_s`` seconds."""

    during_s: float


Phase = Open | Closed | Pause


def inject(
    rate: int, interval_s: float, during_s: float, spread: Spread | str = Spread.BURST
) -> Open:
    """Begin ``rate`` requests in each interval. Raises `BadOption` for numbers that are none."""
    return _open(Open(rate, interval_s, during_s, _spread(spread)))


def ramping_inject(
    rate: int, interval_s: float, during_s: float, spread: Spread | str = Spread.BURST
) -> Open:
    """Go from the rate of the phase before to ``rate``, in equal steps, one an interval."""
    return _open(Open(rate, interval_s, during_s, _spread(spread), ramps=True))


def inject_random(
    low: int, high: int, interval_s: float, during_s: float, spread: Spread | str = Spread.BURST
) -> Open:
    """Draw the rate of each interval, from ``low`` to below ``high``."""
    if not 0 <= low < high:
        raise BadOption(f"inject_random: 0 <= low < high must hold, not {low} and {high}")
    return _open(Open(high, interval_s, during_s, _spread(spread), low=low))


def iterations_for_inject(
    rate: int, interval_s: float, iterations: int, spread: Spread | str = Spread.BURST
) -> Open:
    """Begin ``rate`` requests in each interval until there were ``iterations`` of them.

    With the spread ``poisson`` the gaps between two requests are exponential, and independent.
    """
    if rate < 1 or iterations < 1:
        raise BadOption(f"rate and iterations must be 1 or more, not {rate} and {iterations}")
    during_s = math.ceil(iterations / rate) * interval_s
    return _open(Open(rate, interval_s, during_s, _spread(spread), most=iterations))


def keep_constant(copies: int, during_s: float) -> Closed:
    """Keep ``copies`` requests going, no more and no fewer."""
    return _closed(Closed(copies, during_s))


def ramping_constant(copies: int, during_s: float) -> Closed:
    """Go from the copies of the phase before to ``copies``, one at a time."""
    return _closed(Closed(copies, during_s, ramps=True))


def iterations_for_constant(copies: int, iterations: int) -> Closed:
    """Keep ``copies`` requests going until ``iterations`` have begun."""
    if copies < 1 or iterations < 1:
        raise BadOption(f"copies and iterations must be 1 or more, not {copies} and {iterations}")
    return _closed(Closed(copies, ENDLESS_S, most=iterations))


def pause(during_s: float) -> Pause:
    """Begin no request for ``during_s`` seconds; those that are under way go on."""
    if not 0 < during_s < ENDLESS_S:
        raise BadOption(f"pause: a duration is above 0 s, not {during_s}")
    return Pause(during_s)


def _spread(text: Spread | str) -> Spread:
    known = [each.value for each in Spread]
    if not isinstance(text, Spread) and text not in known:
        raise BadOption(f"a spread is one of {', '.join(known)}, not {text!r}")
    return Spread(text)


def _open(phase: Open) -> Open:
    if phase.rate < 0:
        raise BadOption(f"a rate is 0 or more, not {phase.rate}")
    if not 0 < phase.interval_s <= phase.during_s < ENDLESS_S:
        raise BadOption(
            f"an interval is above 0 s and at most the duration, not {phase.interval_s} s "
            f"of {phase.during_s} s"
        )
    return phase


def _closed(phase: Closed) -> Closed:
    if phase.copies < 0:
        raise BadOption(f"copies are 0 or more, not {phase.copies}")
    if not phase.during_s > 0 or (phase.most is None and phase.during_s == ENDLESS_S):
        raise BadOption(f"a duration is above 0 s, not {phase.during_s}")
    return phase
