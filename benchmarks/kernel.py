"""Measure controlled runs against plain trio and against bare coroutines, on the same programs.

    python benchmarks/kernel.py [--rounds N] [--scheduler NAME] [--json]

A sample is one batch of runs: the same batch (runs 0, 1, 2, ... of a campaign of one entropy) every
time, so that all samples of a column do the same work, and the fastest is the one that the machine
disturbed least. The columns take turns after every batch, before which one run is not timed.
"""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import perf_counter  # the real one: the guard patches the module's attribute
from typing import Any

import trio
from programs import Case, cases
from table import asked, microseconds, table, tell
from trio.testing import MockClock

from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import as_program
from raceexplore.kernel.run import run_once
from raceexplore.toolbox.by_name import by_name

ENTROPY = 1
BATCH_S = 0.0015  # a batch lasts about this long: short enough to fit between two disturbances


@dataclass(frozen=True)
class Figures:
    """What a case costs: microseconds of one run, and how many times faster than plain trio."""

    name: str
    steps: int
    controlled_us: float
    plain_us: float
    bare_us: float | None
    wanted: float

    @property
    def ratio(self) -> float:
        """How many controlled runs fit into one plain run."""
        return self.plain_us / self.controlled_us

    @property
    def step_us(self) -> float:
        """Microseconds of one event, start-up included."""
        return self.controlled_us / self.steps


class Controlled:
    """Runs 0, 1, 2, ... of a campaign, as `explore` begins, runs and ends each."""

    def __init__(self, program: Any, scheduler: str) -> None:
        self.program, self.spec = as_program(program), scheduler

    def batch(self, size: int) -> Callable[[], None]:
        """Return a fresh campaign's first ``size`` runs, ready to be timed."""
        scheduler, program = by_name(self.spec, entropy=ENTROPY), self.program

        def runs() -> None:
            for _ in range(size):
                scheduler.begin()
                run = run_once(program, scheduler)
                scheduler.end(run)

        return runs

    def steps(self) -> float:
        """Return the events of the first run."""
        scheduler = by_name(self.spec, entropy=ENTROPY)
        scheduler.begin()
        return run_once(self.program, scheduler).steps


def plain_batch(program: Any, size: int) -> Callable[[], None]:
    """Return ``size`` runs on trio's own loop, with the same clock that stands still."""

    def runs() -> None:
        for _ in range(size):
            trio.run(program, clock=MockClock(autojump_threshold=0))

    return runs


def bare_batch(run: Callable[[random.Random], None], size: int) -> Callable[[], None]:
    """Return ``size`` runs without any runtime."""
    generator = random.Random(ENTROPY)

    def runs() -> None:
        for _ in range(size):
            run(generator)

    return runs


def timed(batch: Callable[[], None], warm: Callable[[], None] | None = None) -> float:
    """Return the seconds that ``batch`` takes, with no garbage collection among them.

    warm: run first and not timed, since the collection has left nothing in the caches.
    """
    gc.collect()
    gc.disable()
    try:
        if warm is not None:
            warm()
        began = perf_counter()
        batch()
        return perf_counter() - began
    finally:
        gc.enable()


@contextmanager
def frozen() -> Iterator[None]:
    """Keep what is loaded out of the collections between the samples, as `explore` does."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def measure(case: Case, rounds: int, scheduler: str = "random") -> Figures:
    """Return the fastest of ``rounds`` batches of each column, taken in turns."""
    controlled, program = Controlled(case.program, scheduler), case.program
    with guarded():
        steps = controlled.steps()
        size = max(1, round(BATCH_S / timed(controlled.batch(1), controlled.batch(1))))
    best: dict[str, float] = {}
    with frozen():
        for _ in range(rounds):
            # outside the guard, whose patches would make plain trio slower than it is
            samples = {"plain": timed(plain_batch(program, size), plain_batch(program, 1))}
            with guarded():
                samples["controlled"] = timed(controlled.batch(size), controlled.batch(1))
            if case.bare is not None:
                samples["bare"] = timed(bare_batch(case.bare, size), bare_batch(case.bare, 1))
            for column, seconds in samples.items():
                best[column] = min(best.get(column, math.inf), seconds / size * 1e6)
    return Figures(
        name=case.name,
        steps=int(steps),
        controlled_us=best["controlled"],
        plain_us=best["plain"],
        bare_us=best.get("bare"),
        wanted=case.wanted,
    )


def show(found: list[Figures]) -> None:
    """Print the table."""
    heads = ("program", "events", "raceexplore", "plain trio", "times faster", "wanted",
             "an event", "bare")  # fmt: skip
    rows = [
        (
            row.name,
            f"{row.steps:,}",
            f"{row.controlled_us:,.1f}",
            f"{row.plain_us:,.1f}",
            f"{row.ratio:.2f}",
            f"{row.wanted:.1f}",
            f"{row.step_us:.2f}",
            "" if row.bare_us is None else f"{row.bare_us:,.1f}",
        )
        for row in found
    ]
    table(microseconds(), heads, rows)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table or JSON."""
    given = asked(__doc__, 100, arguments)
    chosen = [case for case in cases() if given.only in case.name]
    found = [measure(case, given.rounds, given.scheduler) for case in chosen]
    rows = [{**asdict(row), "ratio": row.ratio, "step_us": row.step_us} for row in found]
    tell(rows, lambda: show(found), as_json=given.json)


if __name__ == "__main__":
    main()
