"""The Hypothesis strategy of schedules: short lists of deviations, drawn before the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from raceexplore.hypothesis.explain_phase import keep_to_the_program
from raceexplore.hypothesis.schedule import Schedule
from raceexplore.hypothesis.scouts import Scouts
from raceexplore.kernel.errors import BadOption

try:
    from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS
except ImportError:  # an older Hypothesis, which has no backends, or elsewhere
    AVAILABLE_PROVIDERS = {}

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from hypothesis.internal.conjecture.data import ConjectureData

    from raceexplore.hypothesis.schedule import Move

DRAWS = (2, 8, 64)  # sizes of gaps between draws: a run draws less often than it switches
ALTERNATIVES = 7  # taken modulo the number of other options, which is seldom more
# that a first switch is drawn, a second, ...: few deviations are found sooner and shrink to fewer
AGAIN = (0.9, 0.35)
SWEEP = 127  # half of it on average, so that drawing is the smaller part of a test case

keep_to_the_program()
AVAILABLE_PROVIDERS.setdefault("raceexplore", "raceexplore.hypothesis.backend.Provider")


def schedules(
    *,
    depth: int = 3,
    horizon: int = 1024,
    latencies: int = 2,
    faults: int = 1,
    data: int = 1,
    sweep: int | None = None,
) -> st.SearchStrategy[Schedule]:
    """Return the strategy of schedules with at most ``depth`` switches.

    horizon: the largest gap, in choices; raise it for runs of more than a thousand choices.
    latencies, faults, data: the most deviations from the median, from no fault, and from the
    simplest datum; 0 keeps that kind quiet. The simplest schedule is the default one.
    sweep: the most schedules more that a test case runs, neighbours of the drawn one: drawing
    costs several times what a run does. The function is then called again and again, with the same
    arguments: it must build all it changes. By default up to `SWEEP`, in `SWEPT_STEPS` events, and
    only while all that the function can reach is as it was before; see `search.pristine`.
    Everything is drawn before the run. Raises `BadOption` for a number out of range.
    """
    least = {"depth": 0, "horizon": 1, "latencies": 0, "faults": 0, "data": 0, "sweep": 0}
    given = (depth, horizon, latencies, faults, data, 0 if sweep is None else sweep)
    for (name, lowest), number in zip(least.items(), given, strict=True):
        if not isinstance(number, int) or number < lowest:
            raise BadOption(f"{name} is a whole number from {lowest} on, not {number!r}")
    return _Schedules(depth, horizon, (latencies, faults, data), sweep)


def profile(parent: settings | None = None) -> settings:
    """Return Hypothesis settings for tests that run schedules.

    No deadline, since a run's real time says nothing, and no health check for slow drawing. Use:
    ``settings.register_profile("race", profile())``, or ``@profile()`` above ``@given``.
    """
    parent = parent or settings()
    slow = {*parent.suppress_health_check, HealthCheck.too_slow}
    return settings(
        parent, deadline=None, suppress_health_check=sorted(slow, key=lambda check: check.name)
    )


class _Schedules(st.SearchStrategy[Schedule]):
    """Draws (gap, alternative) lists straight from the choice sequence.

    Lists of tuples of integers draw the same choices in four times the time.
    """

    def __init__(
        self, depth: int, horizon: int, others: tuple[int, int, int], sweep: int | None
    ) -> None:
        super().__init__()
        self.sweep, self.careful = SWEEP if sweep is None else sweep, sweep is None
        self.depth, self.horizon, self.others = depth, horizon, others
        self._scouts: WeakKeyDictionary[Random, Scouts] = WeakKeyDictionary()
        # gaps of each order of magnitude are as likely: the length of a run is not known yet
        self.sizes = (*(size for size in (16, 64, 256) if 4 * size <= horizon), horizon + 1)

    def __repr__(self) -> str:
        return f"schedules(depth={self.depth}, horizon={self.horizon})"

    def do_draw(self, data: ConjectureData) -> Schedule:
        """Draw the lists; a list ends with a False, which shrinks best."""
        # right before the first gap: the shrinker takes from one number to add to the next
        sweep = data.draw_integer(0, self.sweep) if self.sweep else 0
        scouts = self._scouts_of(data.provider)
        moves = _moves(data, self.depth, self.sizes)
        latencies: tuple[Move, ...] = ()
        faults: tuple[Move, ...] = ()
        picks: tuple[Move, ...] = ()
        if any(self.others) and data.draw_boolean(0.5):
            latencies, faults, picks = (_moves(data, most, DRAWS) for most in self.others)
        sweep = sweep if moves else 0
        schedule = Schedule(*moves, latencies=latencies, faults=faults, data=picks, sweep=sweep)
        schedule.horizon, schedule.careful = self.horizon, self.careful
        schedule.scouts = scouts
        return schedule

    def _scouts_of(self, provider: Any) -> Scouts | None:
        """Return what the backend has learnt in this test, and let it announce what to draw now.

        None with any other backend, and wherever a test case is replayed or shrunk.
        """
        chance: Random | None = getattr(provider, "chance_of_scouts", None)
        if chance is None:
            return None
        if chance not in self._scouts:
            self._scouts[chance] = Scouts(chance.getrandbits(64))
        scouts = self._scouts[chance]
        moves = scouts.offer(self.depth, (self.horizon, ALTERNATIVES)) or ()
        size = [0] if self.sizes[1:] else []
        choices = [choice for gap, other in moves for choice in (True, *size, gap, other)]
        provider.announce([*choices, False] if 0 < len(moves) < self.depth else choices)
        return scouts


def _moves(data: ConjectureData, most: int, sizes: Sequence[int]) -> tuple[Move, ...]:
    """Draw up to ``most`` pairs, whose gaps are below one of ``sizes``, each as likely."""
    found: list[Move] = []
    while len(found) < most and data.draw_boolean(AGAIN[bool(found)]):
        # the simplest size is the largest one: the shrinker goes there, and no bound is in its way
        size = sizes[-1 - data.draw_integer(0, len(sizes) - 1)] if sizes[1:] else sizes[0]
        gap = data.draw_integer(0, size - 1)
        found.append((gap, data.draw_integer(0, ALTERNATIVES)))
    return tuple(found)
