"""The values that a failing run reads and writes, and its place in the user's own files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.events.trace import NOWHERE, Site
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.standing.walk import frames, is_installed, is_user_file
from raceexplore.observe.effects.by_class_of_object import MARK
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.silence import silence

if TYPE_CHECKING:
    from raceexplore.kernel.events.trace import Event
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
    own: list[Site] = []

    def watch(event: Event, coroutine: Any) -> None:
        own.append(own_site(coroutine))

    try:
        # what the program prints was printed by the run that this one repeats
        with silence():
            seen = observed_run(
                run.program,
                Replay(run.schedule),
                limits=limits,
                settings=run.settings,
                values=True,
                watch=watch,
            )
    except Exception as error:  # noqa: BLE001 the failure counts more than its values
        text = f"values are not shown: the program could not be observed ({error})"
        return replace(run, warnings=(*run.warnings, text))
    if seen.digest != run.digest:
        return run
    return replace(run, events=seen.events, own=tuple(own), cancels=seen.cancels)


def own_site(coroutine: Any) -> Site:
    """Return where a task that stands in an installed library left the user's own files.

    `NOWHERE` if it does not stand in one, or was never in the user's files. A library that is
    observed counts as the user's own: it is what they look at.
    """
    own = NOWHERE
    inside = False
    for frame, line in frames(coroutine):
        code = frame.f_code
        if not is_user_file(code.co_filename):
            continue
        inside = is_installed(code.co_filename) and MARK not in frame.f_globals
        if not inside:
            own = Site(code.co_filename, line, code.co_qualname)
    return own if inside else NOWHERE
