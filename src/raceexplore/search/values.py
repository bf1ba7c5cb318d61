"""The values that a failing run reads and writes, for its report."""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

from raceexplore.kernel.scheduler import Replay
from raceexplore.search.observation import observed_run

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits

STEPS_MAX = 20_000  # a longer run is told without values: nobody reads so many


def with_values(run: Run, limits: Limits) -> Run:
    """Return the recorded ``run`` with the accesses of its events, and the values.

    The same run, if it cannot be had: the program is in no file, its second, rewritten copy does
    not load, or does not do the same.
    """
    if run.program.observed is None or run.steps > STEPS_MAX:
        return run
    again, unread = Replay(run.schedule), StringIO()
    try:
        # what the program prints was printed by the run that this one repeats
        with redirect_stdout(unread), redirect_stderr(unread):
            seen = observed_run(
                run.program, again, limits=limits, settings=run.settings, values=True
            )
    except Exception as error:  # noqa: BLE001 the failure counts more than its values
        text = f"values are not shown: the program could not be observed ({error})"
        return replace(run, warnings=(*run.warnings, text))
    return replace(run, events=seen.events) if seen.digest == run.digest else run
