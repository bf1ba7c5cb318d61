"""What PCT hits with which chance: all of its runs, one for each priority order and change point.

A bug of depth d is one that d constraints (this event before that one) suffice for. Programs here
do the same events under every schedule, so that every pair of constraints can be such a bug.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement, permutations
from random import Random
from typing import Any

from raceexplore import Run, by_name, run_once
from raceexplore.kernel.program import Program

SCHEDULES_MAX = 1_000
Moment = tuple[str, int]  # an event: its task, and its number there
HEAD = "import trio\n\nasync def main():\n    lock, door = trio.Lock(), trio.Event()\n"
TAIL = """
    async with trio.open_nursery() as nursery:
        for task in ({tasks}):
            nursery.start_soon(task)
"""
POINT = "await trio.lowlevel.checkpoint()"
FREE = ([POINT], [POINT], [POINT, POINT], ["door.set()", POINT], ["async with spare:", "    pass"])
BLOCKING = (
    ["async with lock:", f"    {POINT}"],
    ["async with lock:", f"    {POINT}", f"    {POINT}"],
    ["with trio.move_on_after(1):", "    await door.wait()"],
    ["await trio.sleep(1)"],
    ["async with trio.open_nursery() as inner:", "    inner.start_soon(trio.lowlevel.checkpoint)"],
)


def program(seed: int, *, blocking: bool) -> str:
    """Return the source of a program of two or three tasks; ``blocking``: some of them wait."""
    draw = Random(f"contested {seed} {blocking}")
    count = draw.choice([2, 3])
    bodies = [[draw.choice(FREE) for _ in range(draw.randint(1, 4 - count))] for _ in range(count)]
    for body in bodies[: draw.randint(1, count)] if blocking else []:
        body.insert(draw.randrange(len(body) + 1), draw.choice(BLOCKING))
    lines = []
    for number, body in enumerate(bodies):
        own = [line.replace("spare", f"spare{number}") for part in body for line in part]
        lines += [f"    spare{number} = trio.Lock()", f"    async def t{number}():"]
        lines += [*(f"        {line}" for line in own), "        return"]
    tasks = ", ".join(f"t{number}" for number in range(count))
    return HEAD + "\n".join(lines) + TAIL.format(tasks=tasks)


class Scripted:
    """Stands for a generator of numbers: gives those that it was made with."""

    def __init__(self, numbers: list[float]) -> None:
        self.numbers = numbers

    def seed(self, _: object) -> None:
        """Take no notice."""

    def random(self) -> float:
        """Return the next number."""
        return self.numbers.pop(0)


def every_pct_run(program: Program, tasks: int, steps: int) -> Iterator[Run]:
    """Yield the run of each order of priorities and each change point: all are equally likely."""
    for ranks in permutations(range(tasks)):
        for change in range(steps):
            scheduler: Any = by_name(f"pct:depth=2,length={steps}")
            numbers = [(change + 0.5) / steps, *(rank / tasks for rank in ranks)]
            scheduler._generator = Scripted(numbers)
            scheduler.begin()
            run = run_once(program, scheduler, record=True)
            scheduler.end(run)
            yield run


def every_run(program: Program) -> list[Run]:
    """Return the runs of all schedules; empty if there are too many."""
    scheduler, found = by_name("dfs"), list[Run]()
    while scheduler.begin():
        found.append(run_once(program, scheduler, record=True))
        scheduler.end(found[-1])
        if len(found) > SCHEDULES_MAX:
            return []
    return found


def rarest(runs: list[Run], drawn: list[Run]) -> float:
    """Return the smallest chance with which ``drawn`` hit a bug of depth 2.

    A pair of constraints that some of ``runs`` meets is a bug. Events that not all have count not.
    """
    places = [{(e.task, e.nth): e.number for e in run.events} for run in runs]
    hits = [{(e.task, e.nth): e.number for e in run.events} for run in drawn]
    common = [moment for moment in places[0] if all(moment in place for place in [*places, *hits])]
    masks = []
    for one in common:
        for other in common:
            if one[0] != other[0]:
                possible = _mask(places, one, other)
                if possible:
                    masks.append((possible, _mask(hits, one, other)))
    chances = [
        (a[1] & b[1]).bit_count() / len(drawn)
        for a, b in combinations_with_replacement(masks, 2)
        if a[0] & b[0]
    ]
    return min(chances)


def _mask(places: list[dict[Moment, int]], one: Moment, other: Moment) -> int:
    """Return in which of the runs ``one`` comes before ``other``."""
    return sum((place[one] < place[other]) << i for i, place in enumerate(places))
