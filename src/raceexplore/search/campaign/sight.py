"""What is seen of the trace class of one run of a campaign, and how far it can be relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.events.order import trace_key
from raceexplore.toolbox.relative import relative_to

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run


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


def sight_of(run: Run, scheduler: Any) -> Sight:
    """Return what is seen of ``run``, which ``scheduler`` has just made."""
    if not getattr(scheduler, "observes", False):
        return NOTHING
    drawn = bool(getattr(scheduler, "is_drawn", False))
    return Sight(trace_key(run.events), drawn, relative_to(run))
