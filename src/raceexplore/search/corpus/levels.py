"""Find a kept failure again in a program edited since: exactly, aligned, or guided."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.campaign.task_order import tasks
from raceexplore.search.corpus.aligned import LABELS, Aligned, Pin, new_names, renamed
from raceexplore.search.corpus.entry import told_site
from raceexplore.search.why.guide import Guide, guided_attempts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.choice import Deviation
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program
    from raceexplore.kernel.seed import Seed
    from raceexplore.search.corpus.entry import Entry

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
    guide = Guide.from_plain(entry.orders).under(names)
    for run in guided_attempts(program, guide, settings=seed.settings, limits=limits):
        yield Attempt(GUIDED, run, ())


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
