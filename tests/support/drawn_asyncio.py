"""Asyncio programs drawn at random: locks, queues, groups, time-outs, cancels, callbacks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from raceexplore import run_once
from raceexplore.kernel.program import Settings
from raceexplore.toolbox.by_name import by_name

Deed = Callable[["Shared"], Coroutine[Any, Any, object]]


class Shared:
    """What the tasks of one drawn program share."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.lock, self.event = asyncio.Lock(), asyncio.Event()
        self.queue: asyncio.Queue[int] = asyncio.Queue(1)
        self.semaphore = asyncio.Semaphore(2)
        self.tasks: list[asyncio.Task[None]] = []


async def pause(shared: Shared) -> None:
    await asyncio.sleep(0)


async def sleep(shared: Shared) -> None:
    await asyncio.sleep(len(shared.log) % 7 + 0.1234 * (len(shared.log) + 1))


async def locked(shared: Shared) -> None:
    async with shared.lock:
        shared.log.append("in")
        await asyncio.sleep(0)


async def counted(shared: Shared) -> None:
    async with shared.semaphore:
        await asyncio.sleep(0)


async def sent(shared: Shared) -> None:
    await asyncio.wait([asyncio.create_task(shared.queue.put(1))], timeout=3.3)


async def received(shared: Shared) -> None:
    try:
        async with asyncio.timeout(2.71):
            await shared.queue.get()
    except TimeoutError:
        shared.log.append("late")


async def posted(shared: Shared) -> None:
    asyncio.get_running_loop().call_soon(shared.log.append, "soon")
    asyncio.get_running_loop().call_later(1.7, shared.log.append, "later")
    await asyncio.sleep(0)


async def signalled(shared: Shared) -> None:
    shared.event.set()


async def awaited(shared: Shared) -> None:
    await asyncio.wait([asyncio.create_task(shared.event.wait())], timeout=4.4)


async def cancelled(shared: Shared) -> None:
    for task in shared.tasks:
        if not task.done() and task is not asyncio.current_task():
            task.cancel()
            return


async def gathered(shared: Shared) -> None:
    await asyncio.gather(pause(shared), asyncio.shield(pause(shared)))


async def grouped(shared: Shared) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(pause(shared))
        group.create_task(locked(shared))


DEEDS: list[Deed] = [
    pause, sleep, locked, counted, sent, received, posted, signalled, awaited, cancelled, gathered,
    grouped,
]  # fmt: skip


def drawn(chance: random.Random) -> Callable[[list[str]], Coroutine[Any, Any, None]]:
    """Return a program that writes what it does into a list."""
    plans = [[chance.randrange(len(DEEDS)) for _ in range(chance.randint(1, 4))] for _ in range(3)]

    async def worker(name: int, plan: list[int], shared: Shared) -> None:
        for step in plan:
            shared.log.append(f"{name} {DEEDS[step].__name__}")
            try:
                await DEEDS[step](shared)
            except asyncio.CancelledError:
                shared.log.append(f"{name} cancelled")
                raise
        shared.log.append(f"{name} done")

    async def program(log: list[str]) -> None:
        shared = Shared(log)
        shared.tasks += [
            asyncio.create_task(worker(name, plan, shared)) for name, plan in enumerate(plans)
        ]
        done, _ = await asyncio.wait(shared.tasks)
        log.append(f"{asyncio.get_running_loop().time():.6f} {len(done)}")
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()

    return program


def digests(entropies: Iterable[int]) -> list[str]:
    """Return the digest of a random schedule of each drawn program."""
    found = []
    settings = Settings(runtime="asyncio", allow="tasks left")
    for entropy in entropies:
        program = drawn(random.Random(entropy))

        async def started(program: Any = program) -> None:
            await program([])

        scheduler = by_name("random", entropy=entropy)
        scheduler.begin()
        run = run_once(started, scheduler, record=True, settings=settings)
        found.append(f"{run.digest} {run.outcome}")
    return found
