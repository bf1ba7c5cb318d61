"""Who does the runs of a campaign: this process alone, or several."""

from __future__ import annotations

import dataclasses
import os
import pickle
import sys
import time
from functools import partial, reduce
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption, BadProgram
from raceexplore.kernel.fence.pulse import pulse
from raceexplore.kernel.program import as_program
from raceexplore.search.processes import units
from raceexplore.search.processes.pools import can_fork, processes, workers
from raceexplore.toolbox.by_name import fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.program import Program
    from raceexplore.search.campaign.driver import Ends, Exploration
    from raceexplore.search.campaign.found import Stopped
    from raceexplore.search.processes.pools import Factory

AFTER_S = 0.05  # before, and for what is likely to take less, nobody else is asked

_campaigns = count()


def explored(
    exploration: Exploration, ends: Ends, jobs: int | str, executor: Factory | None
) -> Stopped:
    """Run until something ends the campaign, in ``jobs`` processes; return what.

    This process begins alone. It goes on alone if the scheduler's runs cannot be split. Raises
    `BadOption` where there is no way to give the program to another process.
    """
    # after a death each run must have its number, by which it is known
    number = 1 if pulse.deaths and executor is None else workers(jobs)
    if (number == 1 and executor is None) or not units.can_split(exploration.scheduler):
        alone = exploration.explore(ends)
        assert alone is not None
        return alone
    forked = executor is None and can_fork()
    setup = _setup(exploration, ends, forked=forked)
    began, rounds, tally = time.perf_counter(), exploration.rounds, exploration.tally

    def is_worth_it() -> bool:
        if not tally.runs or (rounds.bars and rounds.until - rounds.done == 1):
            return False
        spent_s = time.perf_counter() - began
        return spent_s >= AFTER_S <= spent_s / tally.runs * (ends.budget - tally.runs)

    stopped = exploration.explore(ends, is_worth_it)
    if stopped is not None:
        return stopped
    from raceexplore.search.processes.workers import Crew

    factory = executor or partial(processes, number, forked=forked)
    run_s = (time.perf_counter() - began) / tally.runs
    units.inherited[setup.key] = tally.trial.program
    try:
        return Crew(exploration, setup, number, factory, run_s=run_s).explore(ends)
    finally:
        del units.inherited[setup.key]


def _setup(exploration: Exploration, ends: Ends, *, forked: bool) -> units.Setup:
    trial, scheduler = exploration.trial, exploration.scheduler
    again = None if forked else _again(trial.program)
    setup = units.Setup(
        (os.getpid(), next(_campaigns)),
        again,
        trial.settings,
        trial.limits,
        _as_new(scheduler),
        ends.stops,
    )
    try:
        pickle.dumps(setup)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise BadOption(f"jobs: {scheduler!r} cannot be made in another process: {error}") from None
    return setup


def _as_new(scheduler: Any) -> Callable[[], Any]:
    """Return what makes the scheduler anew, from its options."""
    kind = type(scheduler)
    if not dataclasses.is_dataclass(kind):
        raise BadOption(f"jobs: {kind.__name__} has next_run, and is no dataclass; see docs")
    return partial(kind, **fields(scheduler))


def _again(program: Program) -> Callable[[], Program]:
    """Return what makes the program in another process. Raises `BadOption` if nothing does."""
    if program.again is not None:
        function, arguments = program.again
        return partial(function, *arguments)
    module, name = (getattr(program.function, n, "") for n in ("__module__", "__qualname__"))
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not program.function or module == "__main__":
        raise BadOption(
            f"jobs: {program.name} cannot be loaded by name in another process, and this process"
            " cannot be forked: it has other threads, or its system allows no fork; give a file, or"
            " a function of a module"
        )
    return partial(_imported, module, name, program.name)


def _imported(module: str, name: str, shown: str) -> Program:
    try:
        found: Any = reduce(getattr, name.split("."), import_module(module))
    except (ImportError, AttributeError) as error:
        raise BadProgram(f"{module}:{name} cannot be imported by a worker: {error}") from None
    return as_program(found, shown)
