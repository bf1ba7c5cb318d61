"""Measure a campaign in several processes against the same one in one.

    python benchmarks/jobs.py [--jobs N] [--budget N] [--rounds N] [--scheduler NAME ...] [--json]

Seconds are the least of so many rounds, in turns; those of the driver and of all workers are
processor time, which tells what an idle machine would give: all the work is done once, and what
the driver does is the part that more processes do not make shorter.
"""

from __future__ import annotations

import argparse
import json
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Any

from programs import checkpoints

import raceexplore
from raceexplore.kernel.program import as_program


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


def compared(scheduler: str, jobs: int, budget: int, rounds: int) -> dict[str, Any]:
    """Return the least of each figure, in one process and in several."""
    program = as_program(checkpoints(3, 9))
    best: dict[int, dict[str, float]] = {}
    for count in (1, jobs) * rounds:
        now = measured(program, scheduler, budget, count)
        best[count] = {name: min(now[name], best.get(count, now)[name]) for name in now}
    alone, shared = best[1], best[jobs]
    idle = alone["driver"] / max(shared["driver"], shared["workers"] / jobs)
    ratio = alone["wall"] / shared["wall"]
    return {"scheduler": scheduler, "alone": alone, "shared": shared, "ratio": ratio, "idle": idle}


def show(rows: list[dict[str, Any]], jobs: int) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    heads = ("scheduler", "CPU s alone", "driver", "workers", "wall s alone", f"{jobs} jobs")
    table = Table(title="a campaign of a program of 32 events")
    for head in (*heads, "ratio", "idle machine"):
        table.add_column(head, justify="left" if head == "scheduler" else "right")
    for row in rows:
        alone, shared = row["alone"], row["shared"]
        figures = alone["driver"], shared["driver"], shared["workers"], alone["wall"]
        told = [f"{figure:.2f}" for figure in (*figures, shared["wall"], row["ratio"])]
        table.add_row(row["scheduler"], *told, f"< {row['idle']:.2f}")
    Console(width=100).print(table)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--scheduler", nargs="+", default=["random", "urw", "pos", "portfolio"])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    rows = [compared(s, given.jobs, given.budget, given.rounds) for s in given.scheduler]
    if given.json:
        print(json.dumps(rows))
    else:
        show(rows, given.jobs)


if __name__ == "__main__":
    main()
