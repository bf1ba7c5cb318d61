"""Find a kept failure again in a program edited since: exactly, aligned, or guided."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.choice import Deviation
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.aligned import LABELS, Aligned, Pin, new_names, renamed, tasks
from raceexplore.search.constraints import OrderConstraint, as_plain, from_plain
from raceexplore.search.corpus import told_site
from raceexplore.search.guided import guided_run
from raceexplore.search.observation import observed_run
from raceexplore.search.sufficient import sufficient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program
    from raceexplore.kernel.seed import Seed
    from raceexplore.search.corpus import Entry

EXACT, ALIGNED, GUIDED = "exact", "aligned", "guided"


class Attempt(NamedTuple):
    """One replay. level: what held on to the schedule. skipped: deviations without a place."""

    level: str
    run: Run
    skipped: tuple[Deviation, ...]


def attempts(program: Program, seed: Seed, entry: Entry, limits: Limits) -> Iterator[Attempt]:
    """Yield replays of ``entry`` on ``program``, each holding on to less of what was recorded."""
    exact = Replay(seed.schedule)
    run = run_once(program, exact, limits=limits, settings=seed.settings, record=True)
    yield Attempt(EXACT, run, exact.skipped)
    if not entry.pins:
        return
    names = new_names(entry.tasks, tasks(run, limits))
    pins = [renamed(Pin(*row), names) for row in entry.pins]
    labels = [0] * len(pins)
    while True:
        aligned = Aligned(pins, labels)
        run = run_once(program, aligned, limits=limits, settings=seed.settings, record=True)
        yield Attempt(ALIGNED, run, aligned.skipped)
        weaker = [which + (i in aligned.lost) for i, which in enumerate(labels)]
        if weaker == labels or max(weaker) == len(LABELS):
            break
        labels = weaker
    if entry.orders and program.observed is not None:
        yield _guided(program, seed, entry, limits, names)


def _guided(
    program: Program, seed: Seed, entry: Entry, limits: Limits, names: Mapping[str, str]
) -> Attempt:
    """Run ``program`` so that it keeps the order constraints of ``entry``."""
    elastic = entry.orders_time == "elastic"
    settings = replace(seed.settings, time="elastic") if elastic else seed.settings
    pins = [renamed(Pin(*row), names) for row in entry.pins if row[0] != "task"]
    # elastic time was chosen because the orders suffice whatever the draws
    draws = [Deviation(*pin[:4]) for pin in pins if settings == seed.settings]
    constraints = [_under(names, constraint) for constraint in from_plain(entry.orders)]
    guided = guided_run(program, constraints, settings=settings, limits=limits, draws=draws)
    schedule = Replay(guided.run.schedule)
    run = run_once(program, schedule, limits=limits, settings=settings, record=True)
    return Attempt(GUIDED, run, schedule.skipped)


def _under(names: Mapping[str, str], constraint: OrderConstraint) -> OrderConstraint:
    first, then = (
        replace(side, deed=side.deed._replace(task=names.get(side.deed.task, side.deed.task)))
        for side in (constraint.first, constraint.then)
    )
    return OrderConstraint(first, then)


def orders(run: Run, limits: Limits) -> tuple[list[Any], str]:
    """Return the order constraints that suffice for the failing ``run``, as lists, and their time.

    Empty if none do, or the program cannot be observed.
    """
    if run.program.observed is None:
        return [], ""
    schedule = Replay(run.schedule)
    try:
        seen = observed_run(
            run.program, schedule, limits=limits, settings=run.settings, values=True
        )
        found = sufficient(seen, limits)
    except Exception:  # noqa: BLE001 the failure counts more than what else is known of it
        return [], ""
    return as_plain(found.constraints), found.settings.time if found.constraints else ""


def is_same(entry: Entry, run: Run) -> bool:
    """Return whether ``run`` failed as ``entry`` says, although the line may read otherwise now.

    The fingerprint decides; else a failure of the same kind on a line of the same text, or with the
    same message, numbers aside; if it has no message of its own, in the same function.
    """
    failure = run.failure
    if failure is None or run.outcome == "cut":
        return False
    if failure.fingerprint == entry.fingerprint:
        return True
    if failure.kind != entry.kind or not entry.site:
        return False
    then, now = entry.site.partition(": "), told_site(run).partition(": ")
    if failure.exception is not None and failure.message != failure.kind:
        return then[2] == now[2] or _words(failure.message) == _words(entry.message)
    return then[2] == now[2] or then[0] == now[0]


def _words(message: str) -> str:
    return re.sub(r"\d+", "#", message)
