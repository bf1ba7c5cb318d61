"""Independent tasks whose order of events a scheduler decides, and the orders that it gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import trio

from raceexplore import Run, Scheduler, run_once
from raceexplore.kernel.fence.guard import guarded


def tasks(*lengths: int) -> tuple[Callable[[], Awaitable[None]], list[str]]:
    """Return a program of one task for each length, and the list it writes its order to.

    A task of n events has n - 1 checkpoints; the tasks are called a, b, c and so on.
    """
    order: list[str] = []

    async def task(name: str, events: int) -> None:
        order.append(name)
        for _ in range(events - 1):
            await trio.lowlevel.checkpoint()
            order.append(name)

    async def program() -> None:
        order.clear()
        async with trio.open_nursery() as nursery:
            for name, events in zip("abcdefgh", lengths, strict=False):
                nursery.start_soon(task, name, events, name=name)

    return program, order


def runs(scheduler: Scheduler, *lengths: int) -> Iterator[tuple[str, Run]]:
    """Yield the order of each run, such as ``abab``, until the scheduler has no more."""
    program, order = tasks(*lengths)
    with guarded():
        while scheduler.begin():
            run = run_once(program, scheduler)
            scheduler.end(run)
            yield "".join(order), run


def sample(scheduler: Scheduler, count: int, *lengths: int) -> Counter[str]:
    """Return how often each order came in ``count`` runs."""
    found = runs(scheduler, *lengths)
    return Counter(next(found)[0] for _ in range(count))
