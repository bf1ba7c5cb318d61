"""A host's wall clock: ahead or behind, fast or slow, and it may jump."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadOption

if TYPE_CHECKING:
    from raceexplore.kernel.world import World


class Clock:
    """What a host believes the time to be.

    skew_s: how far it is ahead at virtual second 0.
    drift: seconds that it gains per second; -0.01 loses a hundredth.
    Inside of the host ``time.time()`` and ``datetime.now()`` follow it; the monotonic clocks are
    right, as they are on a real host whose wall clock is set. Raises `BadOption` for a drift of -1
    or less: no clock runs backwards.
    """

    def __init__(self, world: World, name: str, *, skew_s: float = 0.0, drift: float = 0.0) -> None:
        if drift <= -1:
            raise BadOption(f"{name}: drift must be above -1, not {drift}")
        self._world = world
        self._name = name
        self._skew_s = skew_s
        self.drift = drift

    def ahead_s(self, now_s: float) -> float:
        """Return how far it is ahead at virtual second ``now_s``."""
        return self._skew_s + self.drift * now_s

    def now(self) -> float:
        """Return what it shows, in seconds since virtual second 0."""
        self._world.used(self._name, ".clock", write=False)
        now_s = self._world.now()
        return now_s + self.ahead_s(now_s)

    def jump(self, seconds: float) -> None:
        """Set it forward by ``seconds``, or back."""
        self._world.used(self._name, ".clock", write=True)
        self._world.event(f"{self._name}: clock jumps", seconds=seconds)
        self._skew_s += seconds
