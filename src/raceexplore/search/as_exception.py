"""Turn a failed run into the one exception that a test should raise for it."""

from __future__ import annotations

import linecache
from typing import TYPE_CHECKING

from raceexplore.kernel.events.trace import NOWHERE
from raceexplore.kernel.fence.hostile import traceback_of
from raceexplore.kernel.outcome import headline, leaves, user_site
from raceexplore.kernel.run import InvariantBroken
from raceexplore.kernel.standing.walk import is_user_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.events.trace import Site
    from raceexplore.kernel.outcome import Run


class RunFailed(AssertionError):
    """A run failed in a way that is no exception of the program's own."""


class Deadlock(RunFailed):
    """Nobody could run, and no deadline was left; or who can will never wake those who wait."""


class Livelock(RunFailed):
    """The limit of steps was spent without virtual time moving."""


class LeakedTask(RunFailed):
    """The program ended, and a task of its never did."""


# A type for each kind: Hypothesis tells failures apart by type and line, and the line is ours.
KINDS: dict[str, type[Exception]] = {
    "deadlock": Deadlock,
    "livelock": Livelock,
    "waits for ever": Deadlock,
    "leaked task": LeakedTask,
    "invariant": InvariantBroken,
}


def error_of(run: Run) -> BaseException:
    """Return the exception to raise for the failed ``run``, its traceback kept.

    The program's own exception, out of its groups. Of several leaves, one that is no ordinary
    exception comes first (pytest's skip, Hypothesis's stop); then the order is that of type and
    line: the order of tasks in a group depends on the schedule, and the answer must not.
    """
    failure = run.failure
    assert failure is not None
    if failure.exception is None:
        return KINDS.get(failure.kind, RunFailed)(failure.message)
    return min(leaves(failure.exception), key=_rank)


class ReportNote(str):
    """The report of a failing run, as a note of the exception that is raised for it."""

    __slots__ = ()


def brief(run: Run) -> Iterator[str]:
    """Yield the failed, recorded ``run`` in a few lines: what, where, and who went on instead."""
    failure = run.failure
    assert failure is not None
    yield f"FAIL  {run.program.name}  {headline(failure.kind, failure.message)}"
    if is_user_file(failure.site.file):
        yield f"      {failure.site}  {_source(failure.site)}"
    ends = {(event.task, event.nth): event.end for event in run.events}
    for d in run.schedule.deviations:
        if d.kind != "task":
            yield f"    * {d.kind} {d.at}, number {d.nth}: option {d.take}"
            continue
        site = ends.get((d.at, d.nth), NOWHERE)
        where = f"{site}  {_source(site)}" if site.file else f"event {d.nth}"
        yield f"    * {d.take} goes on after {d.at} at {where}"
    if not run.schedule.size:
        yield "      on the default schedule: no switch is needed"


def _source(site: Site) -> str:
    return linecache.getline(site.file, site.line).strip()


def _rank(error: BaseException) -> tuple[bool, str, str, int]:
    site = user_site(traceback_of(error))
    return issubclass(type(error), Exception), type(error).__qualname__, site.file, site.line
