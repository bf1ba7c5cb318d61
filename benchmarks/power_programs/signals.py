"""Bugs of signals: lost, sent to the wrong task, or too early.

Each function is a program that fails under some schedules only. One schedule point for each
operation on shared state; locks are trio's own, whose requests are schedule points.
The bugs are those of SCTBench and of folklore (docs/schedulers.md); the code is new.
"""

from __future__ import annotations

import trio
from together import point, together


async def bluetooth() -> None:
    """The driver is stopped while a request that saw it running is still on its way."""
    pending, stopping, stopped = 1, False, False
    idle = trio.Event()

    async def request() -> None:
        nonlocal pending
        if stopping:
            return
        await point()
        pending += 1
        await point()
        assert not stopped, "a request works on a stopped driver"
        await point()
        pending -= 1
        if pending == 0:
            idle.set()

    async def stop() -> None:
        nonlocal pending, stopping, stopped
        stopping = True
        await point()
        pending -= 1
        if pending == 0:
            idle.set()
        await idle.wait()
        stopped = True

    await together(request, stop)


async def bounded_buffer() -> None:
    """One condition for full and for empty: a notify may wake a task of the same side."""
    changed = trio.Condition()
    items: list[int] = []

    async def puts() -> None:
        for i in range(2):
            async with changed:
                while len(items) == 1:
                    await changed.wait()
                items.append(i)
                changed.notify()

    async def takes() -> None:
        for _ in range(2):
            async with changed:
                while not items:
                    await changed.wait()
                items.pop()
                changed.notify()

    await together(puts, puts, puts, takes, takes, takes)


async def sync01() -> None:
    """A signal that nobody waits for yet is lost."""
    ready = trio.Condition()
    number = 0

    async def waits() -> None:
        seen = number
        await point()
        if seen == 0:
            async with ready:
                await ready.wait()

    async def signals() -> None:
        nonlocal number
        number = 1
        async with ready:
            ready.notify()

    await together(waits, signals)


async def sync02() -> None:
    """One condition for two kinds of waiters: the signal wakes the wrong one."""
    changed = trio.Condition()
    number = 0

    async def adds() -> None:
        nonlocal number
        for _ in range(2):
            async with changed:
                while number > 0:
                    await changed.wait()
                number += 1
                changed.notify()

    async def takes() -> None:
        nonlocal number
        async with changed:
            while number == 0:
                await changed.wait()
            number -= 1
            changed.notify()

    await together(adds, adds, takes, takes, takes, takes)


async def writer_starts_late() -> None:
    """Readers count themselves in two steps, so that a writer comes in between."""
    readers, writing = 0, False

    async def reads() -> None:
        nonlocal readers
        if writing:
            return
        await point()
        readers += 1
        await point()
        assert not writing, "read while written"
        readers -= 1

    async def writes() -> None:
        nonlocal writing
        await point()
        if readers == 0:
            writing = True
            await point()
            writing = False

    await together(reads, reads, writes)
