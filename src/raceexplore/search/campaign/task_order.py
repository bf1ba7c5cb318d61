"""In which order the tasks of a program begin: by it an edited program's are matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.programs.silence import silence

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits


def tasks(run: Run, limits: Limits) -> tuple[str, ...]:
    """Return the paths of the tasks of the recorded ``run``, in the order in which they began.

    First those of the default schedule, where tasks begin in the order in which they were started.
    """
    with silence():
        quiet = run_once(run.program, Replay(), limits=limits, settings=run.settings, record=True)
    return tuple(dict.fromkeys(event.task for event in (*quiet.events, *run.events)))
