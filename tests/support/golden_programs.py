"""Programs whose runs are written down, event by event, as digests in tests/kernel/test_golden.py.

Line numbers are part of a digest: an edit here changes the digests.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import trio
import trio.testing

import raceexplore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def increments() -> None:
    """Three tasks add to a number in two halves; the sum may be wrong."""
    box = {"x": 0}

    async def worker() -> None:
        for _ in range(3):
            seen = box["x"]
            await trio.lowlevel.checkpoint()
            box["x"] = seen + 1

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(worker)
    assert box["x"] >= 7, box


async def primitives() -> None:
    """Locks, channels, an event, a condition, a semaphore, a limiter, sleeps and timeouts."""
    lock, opened, condition = trio.Lock(), trio.Event(), trio.Condition()
    semaphore, limiter = trio.Semaphore(1), trio.CapacityLimiter(1)
    send, receive = trio.open_memory_channel[int](1)
    done: list[str] = []

    async def producer(name: str) -> None:
        for item in range(3):
            with trio.move_on_after(0.5 + item):
                await send.send(item)
            await trio.sleep(0.25)
        done.append(name)

    async def consumer() -> None:
        with trio.move_on_after(4):
            async for _ in receive:
                async with lock, semaphore:
                    await trio.sleep(0.5)
        done.append("consumer")

    async def waiter() -> None:
        with trio.move_on_after(0.25) as scope:
            await opened.wait()
        async with limiter, condition:
            if scope.cancelled_caught:
                condition.notify_all()
            else:
                await condition.wait()

    async def opener(task_status: trio.TaskStatus[int]) -> None:
        await trio.sleep(0.25)
        task_status.started(7)
        opened.set()
        async with limiter, condition:
            condition.notify_all()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(producer, "one")
        nursery.start_soon(producer, "two", name="two")
        nursery.start_soon(consumer)
        nursery.start_soon(waiter)
        assert await nursery.start(opener) == 7
    assert done[-1] == "consumer", done


async def lock_order() -> None:
    """Two tasks take two locks in opposite orders: a deadlock in some schedules."""
    left, right = trio.Lock(), trio.Lock()

    async def take(first: trio.Lock, second: trio.Lock) -> None:
        async with first, second:
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take, left, right)
        nursery.start_soon(take, right, left)


async def cancellations() -> None:
    """A shield, a nursery cancelled from within, errors of two children, clean-up that awaits."""

    async def tidy() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.1)

    async def fails(text: str) -> None:
        await trio.lowlevel.checkpoint()
        raise ValueError(text)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(tidy)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tidy)
        nursery.start_soon(fails, "one")
        nursery.start_soon(fails, "two")


async def generators() -> None:
    """Async generators: exhausted, closed, and left to the end of the run."""

    async def count() -> AsyncIterator[int]:
        try:
            for i in range(5):
                yield i
                await trio.lowlevel.checkpoint()
        finally:
            await trio.lowlevel.cancel_shielded_checkpoint()

    @asynccontextmanager
    async def place() -> AsyncIterator[str]:
        await trio.lowlevel.checkpoint()
        yield "here"
        await trio.lowlevel.checkpoint()

    kept: list[Any] = []

    async def user(until: int) -> None:
        async with place():
            generator = count()
            kept.append(generator)
            async for i in generator:
                if i == until:
                    break

    async with trio.open_nursery() as nursery:
        for until in (1, 2, 9):
            nursery.start_soon(user, until)


async def with_world(world: raceexplore.World) -> None:
    """Draws, notes, an invariant that breaks in some schedules, and the guarded clocks."""
    import random
    import time

    total, order = [0], list[str]()
    world.always("not b twice in a row", lambda: order[-2:] != ["b", "b"])

    async def draw(name: str) -> None:
        for _ in range(2):
            total[0] += int(world.pick(f"step {name}", (0, 1, 2)))
            order.append(name)
            await trio.sleep(world.pick("delay", (0.1, 0.2), kind="latency"))
            world.event("drew", who=name, at=time.monotonic(), number=random.randrange(100))
        world.sometimes("three", total[0] == 3)

    async with trio.open_nursery() as nursery:
        for name in ("a", "b"):
            nursery.start_soon(draw, name, name=f"draw {name}")


async def polling() -> None:
    """A task that polls, one that sleeps, and a thread's work."""
    flag: list[int] = []

    async def poll() -> None:
        while not flag:
            await trio.lowlevel.checkpoint()

    async def work() -> None:
        await trio.lowlevel.checkpoint()
        flag.append(await trio.to_thread.run_sync(len, "four"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(poll)
        nursery.start_soon(work)


async def livelock() -> None:
    """Two tasks that poll for what never comes."""

    async def poll() -> None:
        while True:
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(poll)
        nursery.start_soon(poll)


async def leak() -> None:
    """Ends while a system task waits for ever behind a shield."""

    async def stays() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()

    trio.lowlevel.spawn_system_task(stays)
    await trio.testing.wait_all_tasks_blocked()
    await trio.sleep(1)


PROGRAMS = (
    increments, primitives, lock_order, cancellations, generators, with_world, polling, livelock,
    leak,
)  # fmt: skip
