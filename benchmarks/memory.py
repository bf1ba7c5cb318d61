"""Show that a campaign's memory stays flat: runs that pass, fail, deadlock, or use generators.

    python benchmarks/memory.py [--runs N] [--only NAME] [--json]

Each kind of run has a process of its own. Resident memory is read when a tenth of the runs are
done and at the end; wanted: it grows by less than 10 MB in between.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter
from typing import Any

import trio

import raceexplore

WANTED_MB = 10.0


async def passes() -> None:
    """Two tasks, three checkpoints each."""

    async def worker() -> None:
        for _ in range(3):
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker)
        nursery.start_soon(worker)


async def fails() -> None:
    """Fail in a child of a nursery, so that every run builds a group and a traceback."""

    async def worker(number: int) -> None:
        await trio.lowlevel.checkpoint()
        raise ValueError(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker, 1)
        nursery.start_soon(worker, 2)


async def deadlocks() -> None:
    """Take two locks in opposite orders, with an event that makes sure it goes wrong."""
    left, right, both = trio.Lock(), trio.Lock(), [trio.Event(), trio.Event()]

    async def take(first: trio.Lock, second: trio.Lock, number: int) -> None:
        async with first:
            both[number].set()
            await both[1 - number].wait()
            await second.acquire()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take, left, right, 0)
        nursery.start_soon(take, right, left, 1)


async def generators() -> None:
    """Leave one async generator to the end of the run, and exhaust another."""
    kept: list[Any] = []

    async def count() -> AsyncIterator[int]:
        try:
            for i in range(3):
                yield i
                await trio.lowlevel.checkpoint()
        finally:
            await trio.lowlevel.cancel_shielded_checkpoint()

    async def user(until: int) -> None:
        generator = count()
        kept.append(generator)
        async for i in generator:
            if i == until:
                break

    async with trio.open_nursery() as nursery:
        nursery.start_soon(user, 1)
        nursery.start_soon(user, 9)


PROGRAMS = (passes, fails, deadlocks, generators)


def resident_mb() -> float:
    """Return the resident memory of this process, in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(name: str, runs: int) -> dict[str, Any]:
    """Run a campaign of ``runs`` runs and return its memory at a tenth and at the end."""
    program = next(program for program in PROGRAMS if program.__name__ == name)
    seen: dict[int, float] = {}

    def note(done: int, failures: int) -> None:
        if done in (runs // 10, runs):
            seen[done] = resident_mb()

    began = perf_counter()
    campaign = raceexplore.explore(program, budget=runs, stop="never", shrink=False, progress=note)
    seconds = perf_counter() - began
    return {
        "name": name,
        "runs": campaign.runs,
        "failed": sum(found.count for found in campaign.failures),
        "tenth_mb": seen[runs // 10],
        "end_mb": seen[runs],
        "growth_mb": seen[runs] - seen[runs // 10],
        "runs_per_s": campaign.runs / seconds,
    }


def in_a_process(name: str, runs: int) -> dict[str, Any]:
    """Measure ``name`` in a fresh process."""
    command = [sys.executable, __file__, "--runs", str(runs), "--only", name, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)["rows"][0]
    return found


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"resident memory, MB; wanted: growth under {WANTED_MB:g}")
    for head in ("runs that", "runs", "failed", "at a tenth", "at the end", "growth", "runs/s"):
        table.add_column(head, justify="left" if head == "runs that" else "right", no_wrap=True)
    for row in rows:
        counts = f"{row['runs']:,}", f"{row['failed']:,}"
        sizes = (f"{row[key]:.1f}" for key in ("tenth_mb", "end_mb", "growth_mb"))
        table.add_row(row["name"], *counts, *sizes, f"{row['runs_per_s']:,.0f}")
    Console(width=100).print(table)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--only", default="", choices=["", *(p.__name__ for p in PROGRAMS)])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    if given.only:
        rows = [measure(given.only, given.runs)]
    else:
        rows = [in_a_process(program.__name__, given.runs) for program in PROGRAMS]
    if given.json:
        print(json.dumps({"rows": rows}))
    else:
        show(rows)


if __name__ == "__main__":
    main()
