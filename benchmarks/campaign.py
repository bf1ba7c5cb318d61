"""Measure a whole campaign against the bare loop of `run_once`, and what importing costs.

    python benchmarks/campaign.py [--scheduler NAME] [--budget N] [--rounds N] [--pairs N]
                                  [--starts N] [--json]

Campaigns are told in processor time, which is what counts on a machine that others use.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter, process_time  # the real ones: the guard patches the module's
from typing import Any

from programs import checkpoints

import raceexplore
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.pulse import pulse, shared_cells
from raceexplore.kernel.fence.watchdog import watchdog, watching
from raceexplore.kernel.program import Limits, as_program
from raceexplore.kernel.run import run_once
from raceexplore.toolbox.by_name import by_name

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import trio": ["-c", "import trio"],
    "import raceexplore": ["-c", "import raceexplore"],
    "raceexplore --help": ["-m", "raceexplore", "--help"],
}


def campaign(program: Any, scheduler: str, budget: int) -> None:
    """Explore as the command line does: with self-checks of some of the runs."""
    found = raceexplore.explore(program, scheduler=scheduler, budget=budget, entropy=1)
    assert found.runs == budget, found.stopped


def loop(program: Any, scheduler: str, budget: int) -> None:
    """Run the same schedules and keep nothing; not for schedulers that want to observe."""
    chooser = by_name(scheduler, entropy=1)
    with guarded():
        for _ in range(budget):
            chooser.begin()
            chooser.end(run_once(program, chooser))


def watched(program: Any, scheduler: str, budget: int) -> None:
    """Do as `loop`, watched as a command is: by a timer, and by a process that sees its pulse."""
    private, pulse.cells = pulse.cells, shared_cells()
    try:
        with watching(Limits().wall_s):
            loop(program, scheduler, budget)
    finally:
        pulse.cells = private


def unwatched(program: Any, scheduler: str, budget: int) -> None:
    """Do as `loop`, with no timer at all."""
    watchdog.on = True  # else each run would switch on a timer of its own
    try:
        loop(program, scheduler, budget)
    finally:
        watchdog.on = False


def guards(scheduler: str, budget: int, rounds: int) -> list[dict[str, Any]]:
    """Return what it costs to watch runs: the median ratio of ``rounds`` pairs, less 1."""
    rows = []
    for tasks, turns in ((2, 3), (3, 10), (10, 20)):
        program, ratios = as_program(checkpoints(tasks, turns)), []
        for pair in range(rounds):
            took = {}
            for way in (watched, unwatched) if pair % 2 else (unwatched, watched):
                took[way] = seconds(partial(way, program, scheduler, budget), process_time)
            ratios.append(took[watched] / took[unwatched] - 1)
        rows.append({"name": f"{tasks} x {turns}", "watched": median(ratios)})
    return rows


def seconds(call: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return how long ``call`` takes."""
    began = clock()
    call()
    return clock() - began


def throughput(scheduler: str, budget: int, rounds: int) -> list[dict[str, Any]]:
    """Return runs a second of a campaign and of the loop, the best of ``rounds`` in turns."""
    rows = []
    for tasks, turns in ((2, 3), (3, 10), (10, 20)):
        program = as_program(checkpoints(tasks, turns))
        ways, best = (campaign, loop), {campaign: 0.0, loop: 0.0}
        for way in ways * rounds:
            speed = budget / seconds(partial(way, program, scheduler, budget), process_time)
            best[way] = max(best[way], speed)
        row = {"name": f"{tasks} x {turns}", "campaign": best[campaign], "loop": best[loop]}
        rows.append({**row, "share": best[campaign] / best[loop]})
    return rows


def start_up(rounds: int) -> dict[str, float]:
    """Return the milliseconds of each command in a fresh process, the best of ``rounds``."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            command = [sys.executable, *arguments]
            start = partial(subprocess.run, command, check=True, capture_output=True)
            took = seconds(start, perf_counter)
            best[name] = min(best.get(name, took * 1e3), took * 1e3)
    return best


def show(rows: list[dict[str, Any]], starts: dict[str, float]) -> None:
    """Print both tables."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="runs a second")
    for head in ("program", "explore", "run_once", "share", "watching costs"):
        table.add_column(head, justify="left" if head == "program" else "right")
    for row in rows:
        speeds = f"{row['campaign']:,.0f}", f"{row['loop']:,.0f}"
        table.add_row(row["name"], *speeds, f"{row['share']:.0%}", f"{row['watched']:+.1%}")
    times = Table(title="milliseconds of a fresh process")
    times.add_column("command")
    times.add_column("ms", justify="right")
    for name, ms in starts.items():
        times.add_row(name, f"{ms:.0f}")
    console = Console(width=100)
    console.print(table)
    console.print(times)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print tables or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--scheduler", default="random")
    parser.add_argument("--budget", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=3, help="of watched and unwatched loops")
    parser.add_argument("--starts", type=int, default=10, help="processes started for each command")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    rows = [
        speed | cost
        for speed, cost in zip(
            throughput(given.scheduler, given.budget, given.rounds),
            guards(given.scheduler, given.budget, given.pairs),
            strict=True,
        )
    ]
    starts = start_up(given.starts)
    if given.json:
        print(json.dumps({"rows": rows, "start_up_ms": starts}))
    else:
        show(rows, starts)


if __name__ == "__main__":
    main()
