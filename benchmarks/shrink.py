"""How long a failing schedule of 10,000 decisions takes to shrink, on one core.

    python benchmarks/shrink.py [--events 10000] [--only NAME] [--json]

Each program is run in random orders until it fails; that run is shrunk with the budget that
`explore` gives it. Its decisions are the choice points that it went through; the deviations are
those of them at which it left the default schedule. Processor time of this process is told: it
is what counts on a machine that others use.
"""

from __future__ import annotations

import argparse
import json
import linecache
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from raceexplore import ChoicePoint, Limits, Program, Replay, Run, Schedule, by_name, run_once
from raceexplore.search.campaign.tally import shrink_budget
from raceexplore.search.programs.load import load_program
from raceexplore.search.shrink.shrink import Shrinking

WANTED_S = 30.0
HEAD = """
import trio

CUSTOMERS, STEPS = {customers}, {steps}


class Shop:
    def __init__(self):
        self.left, self.busy, self.orders = 10_000, 0, []


async def work(shop, customer):
    for step in range(STEPS):
        await trio.lowlevel.checkpoint()
        shop.orders.append(customer)
"""
# what it takes to fail: one switch in one of ten gaps; one switch in the gap of one task; four
# tasks at half their way in the opposite order
PROGRAMS = {
    "lost update": """

async def buy(shop, customer):
    for step in range(STEPS):
        seen = shop.left
        if step == STEPS // 2:
            await trio.lowlevel.checkpoint()
        shop.left = seen - 1
        await trio.lowlevel.checkpoint()


async def main():
    shop = Shop()
    async with trio.open_nursery() as nursery:
        for customer in range(CUSTOMERS):
            nursery.start_soon(buy, shop, customer)
    assert shop.left == 10_000 - CUSTOMERS * STEPS, "a sale was lost"
""",
    "a narrow gap": """

async def slow(shop):
    for step in range(STEPS):
        await trio.lowlevel.checkpoint()
        if step == STEPS // 2:
            shop.busy = 1
            await trio.lowlevel.checkpoint()
            shop.busy = 0


async def quick(shop):
    seen = False
    for step in range(STEPS):
        await trio.lowlevel.checkpoint()
        seen = seen or shop.busy
    shop.seen = seen


async def main():
    shop = Shop()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(slow, shop)
        nursery.start_soon(quick, shop)
        for customer in range(2, CUSTOMERS):
            nursery.start_soon(work, shop, customer)
    assert not shop.seen, "it was in use"
""",
    "handover": """

async def hand(shop, place):
    for step in range(STEPS):
        await trio.lowlevel.checkpoint()
        if step == STEPS // 2 and shop.busy == place:
            shop.busy += 1


async def main():
    shop = Shop()
    async with trio.open_nursery() as nursery:
        for place in reversed(range(4)):
            nursery.start_soon(hand, shop, place)
        for customer in range(4, CUSTOMERS):
            nursery.start_soon(work, shop, customer)
    assert shop.busy < 4, "all have had it"
""",
}
CUSTOMERS = 10
ATTEMPTS = 2_000


@dataclass(frozen=True)
class Row:
    """What shrinking one failure cost.

    quiet_ms, run_ms: processor time of a run on the default schedule, and on the failing schedule.
    before, after: deviations. runs: spent on shrinking.
    """

    name: str
    events: int
    decisions: int
    quiet_ms: float
    run_ms: float
    before: int
    after: int
    preemptions: int
    runs: int
    seconds: float
    cpu_seconds: float
    one_minimal: bool


class Counting:
    """A scheduler that counts the decisions another one makes."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.decisions = inner, 0

    def begin(self) -> bool:
        """Start over."""
        self.decisions = 0
        return bool(self.inner.begin())

    def choose(self, point: ChoicePoint) -> int:
        """Count, and ask the other one."""
        self.decisions += 1
        return int(self.inner.choose(point))

    def end(self, run: Run) -> None:
        """Tell the other one."""
        self.inner.end(run)


def failing(program: Program) -> tuple[Run, int]:
    """Return the first run in random order that fails, and its decisions."""
    scheduler = Counting(by_name("random", entropy=1))
    for _ in range(ATTEMPTS):
        scheduler.begin()
        run = run_once(program, scheduler)
        scheduler.end(run)
        if run.failure is not None:
            return run, scheduler.decisions
    raise SystemExit(f"{program.name} has not failed in {ATTEMPTS} runs")


def cost_ms(run: Run, schedule: Schedule) -> float:
    """Return the processor time of a run on ``schedule``, the best of five, in ms."""
    times = []
    for _ in range(5):
        replay = Replay(schedule)
        began = process_time()
        run_once(run.program, replay, settings=run.settings)
        times.append(process_time() - began)
    return min(times) * 1e3


def measure(name: str, events: int, folder: Path) -> Row:
    """Shrink the failure of one program."""
    steps = events // CUSTOMERS
    source = folder / f"{name.replace(' ', '_')}.py"
    source.write_text(
        HEAD.format(customers=CUSTOMERS, steps=steps) + PROGRAMS[name], encoding="utf-8"
    )
    linecache.checkcache()
    run, decisions = failing(load_program(str(source)))
    quiet_ms, run_ms = (cost_ms(run, schedule) for schedule in (Schedule(), run.schedule))
    before = run.schedule.size
    began, cpu = perf_counter(), process_time()
    shrunk = Shrinking(run, shrink_budget(run), Limits()).shrink()
    return Row(
        name, run.steps, decisions, quiet_ms, run_ms, before, shrunk.run.schedule.size,
        shrunk.run.preemptions, shrunk.runs, perf_counter() - began, process_time() - cpu,
        shrunk.one_minimal,
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--only", choices=PROGRAMS)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = [given.only] if given.only else list(PROGRAMS)
        rows = []
        for name in names:
            rows.append(measure(name, given.events, Path(folder)))
            if not given.json:
                tell(rows)
    if given.json:
        print(json.dumps({"rows": [asdict(row) for row in rows]}))
    else:
        print(f"wanted: at most {WANTED_S:.0f} s each")


def tell(rows: list[Row]) -> None:
    """Print the last of ``rows``, under a head if it is the first."""
    if len(rows) == 1:
        print(f"{'program':<14} {'events':>7} {'decisions':>10} {'quiet ms':>9} {'failing ms':>11}"
              f" {'deviations':>12} {'runs':>6} {'s':>6} {'cpu s':>6}  1-minimal")  # fmt: skip
    r = rows[-1]
    print(f"{r.name:<14} {r.events:>7,} {r.decisions:>10,} {r.quiet_ms:>9.1f} {r.run_ms:>11.1f}"
          f" {f'{r.before:,} -> {r.after}':>12} {r.runs:>6,} {r.seconds:>6.1f}"
          f" {r.cpu_seconds:>6.1f}  {'yes' if r.one_minimal else 'no'}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
