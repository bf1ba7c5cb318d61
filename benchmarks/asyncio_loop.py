"""Measure controlled asyncio runs against detangle's and plain `asyncio.run`, on the same programs.

    python benchmarks/asyncio_loop.py [--rounds N] [--scheduler NAME] [--only NAME] [--json]

Microseconds of CPU time for one run. The columns take turns after every batch and the fastest batch
counts, so that what else the machine does falls on all of them alike. detangle (from PyPI, for this
benchmark only) searches with its `random`; where it is missing the table says so.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from time import process_time  # the real one: the guard patches the module's attribute
from typing import Any

from table import asked, microseconds, table, tell

from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import as_program
from raceexplore.kernel.run import run_once
from raceexplore.toolbox.by_name import by_name

try:
    import detangle
except ImportError:
    detangle = None

Program = Callable[[], Coroutine[Any, Any, None]]
ENTROPY, RUNS = 1, 40


@dataclass(frozen=True)
class Figures:
    """Microseconds of one run of a program; None where detangle is missing."""

    name: str
    controlled_us: float
    detangle_us: float | None
    plain_us: float

    @property
    def times(self) -> str:
        """How many controlled runs fit into one of detangle's."""
        return (
            "missing"
            if self.detangle_us is None
            else f"{self.detangle_us / self.controlled_us:.2f}"
        )


def yields(tasks: int, rounds: int) -> Program:
    """Return a program whose tasks only yield."""

    async def work() -> None:
        for _ in range(rounds):
            await asyncio.sleep(0)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(tasks):
                group.create_task(work())

    return main


def lock(tasks: int, rounds: int) -> Program:
    """Return a program whose tasks share a lock."""

    async def main() -> None:
        shared = asyncio.Lock()

        async def work() -> None:
            for _ in range(rounds):
                async with shared:
                    await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            for _ in range(tasks):
                group.create_task(work())

    return main


PROGRAMS = {
    "3 x 10 yields": yields(3, 10),
    "10 x 20 yields": yields(10, 20),
    "3 x 10 rounds of a lock": lock(3, 10),
    "10 x 20 rounds of a lock": lock(10, 20),
}


def controlled(program: Program, scheduler: str) -> Callable[[], None]:
    """Return a batch of runs, as `explore` begins, runs and ends each."""
    chosen, known = by_name(scheduler, entropy=ENTROPY), as_program(program)

    def batch() -> None:
        with guarded():
            for _ in range(RUNS):
                chosen.begin()
                chosen.end(run_once(known, chosen))

    return batch


def detangled(program: Program) -> Callable[[], None]:
    """Return a batch of detangle's runs."""
    return lambda: detangle.explore(program, runs=RUNS, strategy="random", database=False)


def plain(program: Program) -> Callable[[], None]:
    """Return a batch of runs without control."""

    def batch() -> None:
        for _ in range(RUNS):
            asyncio.run(program())

    return batch


def measured(name: str, program: Program, scheduler: str, rounds: int) -> Figures:
    """Return the fastest of ``rounds`` batches of each column."""
    columns = [controlled(program, scheduler), plain(program)]
    columns += [detangled(program)] if detangle is not None else []
    fastest = [float("inf")] * len(columns)
    for _ in range(rounds):
        for place, batch in enumerate(columns):
            gc.collect()
            begun = process_time()
            batch()
            fastest[place] = min(fastest[place], (process_time() - begun) / RUNS * 1e6)
    theirs = fastest[2] if detangle is not None else None
    return Figures(name, fastest[0], theirs, fastest[1])


def main() -> None:
    """Measure, and print the table."""
    given = asked(__doc__, rounds=15)
    chosen = {name: program for name, program in PROGRAMS.items() if given.only in name}
    rows = [measured(n, p, given.scheduler, given.rounds) for n, p in chosen.items()]

    def show() -> None:
        heads = ["program", "controlled", "detangle", "asyncio.run", "times detangle"]
        cells = [
            (
                row.name,
                f"{row.controlled_us:.0f}",
                "missing" if row.detangle_us is None else f"{row.detangle_us:.0f}",
                f"{row.plain_us:.0f}",
                row.times,
            )
            for row in rows
        ]
        table(microseconds(), heads, cells)

    tell([asdict(row) for row in rows], show, as_json=given.json)


if __name__ == "__main__":
    main()
