"""Measure a campaign in several processes against the same one in one.

    python benchmarks/jobs.py [--jobs N] [--budget N] [--rounds N] [--scheduler NAME ...] [--json]

Seconds are the least of so many rounds, in turns. Those of the driver and of all workers are
processor time: what the driver spends is the part that more processes do not make shorter. Each
program is measured twice: as it is, where the wall clock tells what the machine had to spare; and
with a wait of 5 ms in each run that takes no processor, where it tells how well runs overlap.
"""

from __future__ import annotations

import argparse
import json
import select
from collections.abc import Callable, Coroutine
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Any

from programs import checkpoints
from table import table

import raceexplore
from raceexplore.kernel.program import as_program

WAIT_S = 0.005


def measured(program: Any, scheduler: str, budget: int, jobs: int) -> dict[str, float]:
    """Return the seconds of a campaign, of its driver's processor and of its workers'."""
    before = perf_counter(), spent(RUSAGE_SELF), spent(RUSAGE_CHILDREN)
    found = raceexplore.explore(program, scheduler=scheduler, budget=budget, jobs=jobs)
    assert found.runs == budget, found.stopped
    after = perf_counter(), spent(RUSAGE_SELF), spent(RUSAGE_CHILDREN)
    names = ("wall", "driver", "workers")
    return {name: now - then for name, now, then in zip(names, after, before, strict=True)}


def spent(who: int) -> float:
    """Return the processor time of this process, or of its children that have ended."""
    used = getrusage(who)
    return used.ru_utime + used.ru_stime


def waiting() -> Callable[[], Coroutine[Any, Any, object]]:
    """Return the program with a wait, which the guard does not know and lets happen."""
    meet = checkpoints(3, 9)

    async def program() -> None:
        select.select([], [], [], WAIT_S)
        await meet()

    return program


def compared(scheduler: str, jobs: int, budget: int, rounds: int, *, waits: bool) -> dict[str, Any]:
    """Return the least of each figure, in one process and in several."""
    program = as_program(waiting() if waits else checkpoints(3, 9))
    best: dict[int, dict[str, float]] = {}
    for count in (1, jobs) * rounds:
        now = measured(program, scheduler, budget, count)
        best[count] = {name: min(now[name], best.get(count, now)[name]) for name in now}
    alone, shared = best[1], best[jobs]
    ratio = alone["wall"] / shared["wall"]
    return {
        "program": f"{WAIT_S * waits * 1e3:.0f} ms",
        "scheduler": scheduler,
        "runs": budget,
        "alone": alone,
        "shared": shared,
        "ratio": ratio,
    }


def show(rows: list[dict[str, Any]], jobs: int) -> None:
    """Print the table."""
    heads = ("scheduler", "wait", "runs", "CPU s alone", "driver", "workers", "s alone")
    lines = []
    for row in rows:
        alone, shared = row["alone"], row["shared"]
        figures = alone["driver"], shared["driver"], shared["workers"], alone["wall"]
        told = [f"{figure:.2f}" for figure in (*figures, shared["wall"], row["ratio"])]
        lines.append([row["scheduler"], row["program"], f"{row['runs']:,}", *told])
    table("campaigns of a program of 32 events", (*heads, f"{jobs} jobs", "ratio"), lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--scheduler", nargs="+", default=["random", "urw", "pos", "portfolio"])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    rows = []
    for scheduler in given.scheduler:
        rows.append(compared(scheduler, given.jobs, given.budget, given.rounds, waits=False))
        rows.append(compared(scheduler, given.jobs, given.budget // 10, given.rounds, waits=True))
    if given.json:
        print(json.dumps(rows))
    else:
        show(rows, given.jobs)


if __name__ == "__main__":
    main()
