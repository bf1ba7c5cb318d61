"""Bugs of home-made primitives: barriers, tickets, upgrades, wake-ups, handles.

Held out: no scheduler was tuned on these programs. Each fails under some schedules only, and its
twin, ``*_fixed``, under none.
"""

from __future__ import annotations

import trio

point = trio.lowlevel.checkpoint


class _Barrier:
    """Lets three tasks on once all have come."""

    def __init__(self, *, fixed: bool) -> None:
        self.fixed, self.inside, self.full = fixed, 0, trio.Event()

    async def wait(self) -> None:
        full = self.full
        self.inside += 1
        if self.inside < 3:
            await full.wait()
            return
        full.set()
        if not self.fixed:
            await point()  # writes a line of its log
        self.inside, self.full = 0, trio.Event()


async def _rounds(*, fixed: bool) -> None:
    barrier = _Barrier(fixed=fixed)
    done = [0, 0, 0]

    async def works(me: int) -> None:
        for _ in range(3):
            await point()
            done[me] += 1
            await barrier.wait()
            assert min(done) >= done[me], f"let through before all have come: {done}"
            await barrier.wait()

    async with trio.open_nursery() as nursery:
        for me in range(3):
            nursery.start_soon(works, me)


async def barrier_reuse() -> None:
    """Who comes back before the last has made a new barrier walks through the old one."""
    await _rounds(fixed=False)


async def barrier_reuse_fixed() -> None:
    """The new barrier is made together with the opening of the old one."""
    await _rounds(fixed=True)


async def _tickets(*, numbers: int) -> None:
    drawn = serving = inside = 0
    changed = trio.Event()

    async def uses() -> None:
        nonlocal drawn, serving, inside, changed
        mine = drawn % numbers
        drawn += 1
        await point()
        while serving % numbers != mine:
            await changed.wait()
        inside += 1
        await point()
        assert inside == 1, "two are in the critical section"
        inside -= 1
        serving += 1
        changed.set()
        changed = trio.Event()

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(uses)


async def ticket_overflow() -> None:
    """Tickets of a lock run from 0 to 2; with four tasks at once two have the same."""
    await _tickets(numbers=3)


async def ticket_overflow_fixed() -> None:
    """There are more numbers than tasks."""
    await _tickets(numbers=8)


class _ReadWrite:
    """A lock for many readers or one writer; a reader may become the writer."""

    def __init__(self, *, fixed: bool) -> None:
        self.fixed, self.readers, self.upgrading = fixed, 0, False
        self.changed = trio.Condition()

    async def read(self) -> None:
        async with self.changed:
            while self.upgrading:
                await self.changed.wait()
            self.readers += 1

    async def upgrade(self) -> bool:
        async with self.changed:
            if self.fixed and self.upgrading:
                return False
            self.upgrading = True
            while self.readers > 1:
                await self.changed.wait()
            return True

    async def leave(self) -> None:
        async with self.changed:
            self.readers -= 1
            self.changed.notify_all()

    async def downgrade(self) -> None:
        async with self.changed:
            self.upgrading = False
            self.readers -= 1
            self.changed.notify_all()


async def _upgrades(*, fixed: bool) -> None:
    lock = _ReadWrite(fixed=fixed)

    async def reads_then_writes() -> None:
        await lock.read()
        await point()
        if await lock.upgrade():
            await lock.downgrade()
        else:
            await lock.leave()

    async def reads() -> None:
        await lock.read()
        await point()
        await lock.leave()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reads_then_writes)
        nursery.start_soon(reads)
        nursery.start_soon(reads_then_writes)


async def upgrade_deadlock() -> None:
    """Two readers want to write, and each waits for the other to stop reading."""
    await _upgrades(fixed=False)


async def upgrade_deadlock_fixed() -> None:
    """The second is refused, and starts over."""
    await _upgrades(fixed=True)


async def _reset(*, fixed: bool) -> None:
    wake = trio.Event()
    box: list[int] = []
    done: list[int] = []

    async def consumes() -> None:
        nonlocal wake
        while len(done) < 3:
            if fixed:
                wake = trio.Event()
            while box:
                done.append(box.pop(0))
            await point()  # writes a line of its log
            if len(done) == 3:
                return
            if not fixed:
                wake = trio.Event()
            await wake.wait()

    async def produces() -> None:
        for i in range(3):
            await point()
            await point()
            box.append(i)
            wake.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(produces)
        nursery.start_soon(consumes)


async def reset_loses_signal() -> None:
    """The signal is taken back after the box was looked at: what came in between is not seen."""
    await _reset(fixed=False)


async def reset_loses_signal_fixed() -> None:
    """The signal is taken back before the box is looked at."""
    await _reset(fixed=True)


class _Handle:
    """A file that is shared by counting, and closed by the last who lets go."""

    def __init__(self, *, fixed: bool) -> None:
        self.fixed, self.users, self.open = fixed, 0, False

    async def use(self) -> None:
        self.users += 1
        if not self.open:
            await point()  # opens it
            self.open = True
        await point()
        assert self.open, "used after it was closed"
        self.users -= 1
        if self.users == 0:
            await point()  # flushes it
            if not self.fixed or self.users == 0:
                self.open = False


async def _handle(*, fixed: bool) -> None:
    handle = _Handle(fixed=fixed)
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(handle.use)


async def closed_in_use() -> None:
    """The last user flushes before it closes, and a new one comes while it does."""
    await _handle(fixed=False)


async def closed_in_use_fixed() -> None:
    """The users are counted again after the flush."""
    await _handle(fixed=True)
