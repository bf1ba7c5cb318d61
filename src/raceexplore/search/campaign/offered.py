"""A campaign's scheduler with what it offers, and what is seen of the runs that it chooses."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.events.order import trace_key
from raceexplore.kernel.scheduler import Draws, Learns, Observes
from raceexplore.toolbox.relative import relative_to

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.scheduler import Scheduler


class Sight(NamedTuple):
    """What is seen of a run.

    key: its trace class; None if it was not observed. is_drawn: it was drawn, as all runs that its
    scheduler draws are: estimates of what is unseen hold for such runs only. relative: what any
    claim about the class is relative to.
    """

    key: int | None = None
    is_drawn: bool = False
    relative: tuple[str, ...] = ()


NOTHING = Sight()  # of a run that was not observed


class Offered:
    """A scheduler, asked once what it offers: to ask costs as much as a tenth of a small run.

    chooser: what chooses, if something else stands before the scheduler. learner: the scheduler if
    it `Learns`.
    """

    __slots__ = ("_draws", "_observes", "chooser", "learner")

    def __init__(self, scheduler: Scheduler) -> None:
        self.chooser = scheduler
        self.learner = scheduler if isinstance(scheduler, Learns) else None
        self._observes = scheduler if isinstance(scheduler, Observes) else None
        self._draws = scheduler if isinstance(scheduler, Draws) else None

    def behind(self, chooser: Scheduler) -> Offered:
        """Return the same with ``chooser`` before it."""
        made = copy(self)
        made.chooser = chooser
        return made

    @property
    def observes(self) -> bool:
        """Whether the run that has just begun is to be observed."""
        return self._observes is not None and self._observes.observes

    def sight(self, run: Run) -> Sight:
        """Return what is seen of ``run``, which has just been made."""
        if not self.observes:
            return NOTHING
        drawn = self._draws is not None and self._draws.is_drawn
        return Sight(trace_key(run.events), drawn, relative_to(run))
