"""A run that is known to end its process is done up to the event that does it, and fails there."""

from __future__ import annotations

import linecache
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.fence.pulse import Cell, Doing, pulse
from raceexplore.kernel.fence.watchdog import STUCK
from raceexplore.kernel.outcome import Failure, shorten
from raceexplore.kernel.standing.walk import site_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.events.trace import Site
    from raceexplore.kernel.fence.pulse import Death
    from raceexplore.kernel.standing.moment import Moment

ENDED = "process ended"  # the kind of failure of a run that ends its process, or would


def ended(text: str, what: str, site: Site) -> Failure:
    """Return the failure of a run that ends its process by ``what`` at ``site``."""
    source = linecache.getline(site.file, site.line).strip()
    return Failure(ENDED, text, shorten(ENDED, what, site.function, source), site)


class Doom:
    """Called before each event: counts those of a scout, or stops a run before its last one.

    death: how the process ends, if that is known. inner: whom else to call.
    """

    def __init__(self, death: Death | None, inner: Callable[[Moment], object] | None) -> None:
        self._death, self._inner = death, inner
        self._begun = 0
        self._loop: Any = None
        self._fail: Callable[[Failure], object] = bool

    def attach(self, loop: Any, fail: Callable[[Failure], object]) -> None:
        """Look at the run of ``loop``; fail: what ends it with a failure."""
        self._loop, self._fail = loop, fail

    def __call__(self, moment: Moment) -> None:
        """Count the event that is about to be done; stop the run if its process ends in it."""
        self._begun += 1
        if self._death is None:
            pulse.cells[Cell.EVENT] = self._begun
        elif self._begun == self._death.event and self._death.doing == Doing.RUN:
            self._stop(moment, self._death)
            return
        if self._inner is not None:
            self._inner(moment)

    def _stop(self, moment: Moment, death: Death) -> None:
        site = site_of(moment.coroutine)
        after = f" after {site}" if site.file else ""
        if not death.how:
            wall_s = pulse.cells[Cell.WALL_MS] / 1000
            told = f"{moment.path}{after} {STUCK} for {wall_s:g} s, in code that is no Python"
            self._loop.abort(told)
        else:
            text = f"{death.how}: the next event of {moment.path}{after} ends the process"
            self._fail(ended(text, death.how, site))
        self._loop.bury()
