"""Bugs of lifetimes: what is closed, cancelled, handed back or expired too early or too late.

Held out: no scheduler was tuned on these programs. Each fails under some schedules only, and its
twin, ``*_fixed``, under none.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.sim import LogNormal

point = trio.lowlevel.checkpoint


class _Pool:
    """Two connections; who is done gives one back, and it is reset before the next use."""

    def __init__(self, *, fixed: bool) -> None:
        self.fixed, self.closed = fixed, False
        self.idle = ["one", "two"]
        self.open = {"one", "two"}

    async def use(self) -> None:
        if self.closed or not self.idle:
            return
        connection = self.idle.pop()
        await point()  # the query
        if self.closed:
            self.open.discard(connection)
            return
        await point()  # the reset
        if self.fixed and self.closed:
            self.open.discard(connection)
        else:
            self.idle.append(connection)

    async def close(self) -> None:
        await point()
        self.closed = True
        while self.idle:
            self.open.discard(self.idle.pop())
            await point()


async def _pool(*, fixed: bool) -> None:
    pool = _Pool(fixed=fixed)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pool.use)
        nursery.start_soon(pool.use)
        nursery.start_soon(pool.close)
    assert not pool.open, f"open for ever: {sorted(pool.open)}"


async def return_after_close() -> None:
    """A connection that is being reset while the pool closes comes back to a closed pool."""
    await _pool(fixed=False)


async def return_after_close_fixed() -> None:
    """Whether the pool has closed is asked again after the reset."""
    await _pool(fixed=True)


async def _leak(*, fixed: bool) -> None:
    slots = trio.Semaphore(1)
    scope = trio.CancelScope()

    async def downloads() -> None:
        with scope:
            await slots.acquire()
            if not fixed:
                await point()  # opens the file
            try:
                await point()
                await point()
            finally:
                slots.release()

    async def gives_up() -> None:
        for _ in range(3):
            await point()
        scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(downloads)
        nursery.start_soon(gives_up)
    assert slots.value == 1, "a slot is lost"


async def slot_leak() -> None:
    """Cancelled between taking a slot and the duty to give it back."""
    await _leak(fixed=False)


async def slot_leak_fixed() -> None:
    """Nothing awaits in between."""
    await _leak(fixed=True)


async def _shield(*, fixed: bool) -> None:
    flushed = trio.Event()
    scope = trio.CancelScope()

    async def serves() -> None:
        try:
            await point()
            await point()
        finally:
            with trio.CancelScope(shield=True):
                await flushed.wait()

    async def flushes() -> None:
        try:
            await point()
            await point()
        finally:
            if fixed:
                flushed.set()
        flushed.set()

    async def stops() -> None:
        await point()
        scope.cancel()

    with scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(flushes)
            nursery.start_soon(serves)
            nursery.start_soon(stops)


async def shielded_wait() -> None:
    """A shielded clean-up waits for a task that the same cancellation ends before it signals."""
    await _shield(fixed=False)


async def shielded_wait_fixed() -> None:
    """The signal is given however the task ends."""
    await _shield(fixed=True)


class _HandMadeLock:
    """A lock that hands itself to the first who waits."""

    def __init__(self, *, fixed: bool) -> None:
        self.fixed, self.held = fixed, False
        self.waiting: list[trio.Event] = []

    async def acquire(self) -> None:
        await point()
        if not self.held:
            self.held = True
            return
        turn = trio.Event()
        self.waiting.append(turn)
        try:
            await turn.wait()
        except trio.Cancelled:
            if self.fixed and turn.is_set():  # it was handed over all the same
                self.release()
            elif self.fixed:
                self.waiting.remove(turn)
            raise

    def release(self) -> None:
        if self.waiting:
            self.waiting.pop(0).set()
        else:
            self.held = False


async def _hand_over(*, fixed: bool) -> None:
    lock = _HandMadeLock(fixed=fixed)
    scope = trio.CancelScope()

    async def works() -> None:
        await lock.acquire()
        try:
            await point()
        finally:
            lock.release()

    async def may_be_cancelled() -> None:
        with scope:
            await works()

    async def cancels() -> None:
        await point()
        scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(works)
        nursery.start_soon(may_be_cancelled)
        nursery.start_soon(works)
        nursery.start_soon(cancels)


async def lock_for_nobody() -> None:
    """A task is cancelled while it waits for a lock, which is then handed to it all the same."""
    await _hand_over(fixed=False)


async def lock_for_nobody_fixed() -> None:
    """Who is cancelled leaves the queue, or hands on what came too late."""
    await _hand_over(fixed=True)


async def _drain(*, fixed: bool) -> None:
    active, accepting, closed = 0, True, False
    idle = trio.Event()

    async def request() -> None:
        nonlocal active
        if not accepting:
            return
        active += 1
        await point()  # reads the request
        assert not closed, "a query on a closed database"
        await point()
        active -= 1
        if active == 0:
            idle.set()

    async def shuts_down() -> None:
        nonlocal accepting, closed, idle
        await point()
        if fixed:
            accepting = False
        if active:
            idle = trio.Event()
            await idle.wait()
        await point()  # tells the load balancer
        accepting = False
        closed = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(request)
        nursery.start_soon(shuts_down)
        nursery.start_soon(request)


async def late_request() -> None:
    """Requests are waited for first and refused afterwards: one comes in between."""
    await _drain(fixed=False)


async def late_request_fixed() -> None:
    """Requests are refused first."""
    await _drain(fixed=True)


DISK = LogNormal(median_s=0.8, sigma=0.7)


async def _lease(world: World, *, fixed: bool) -> None:
    owner, until, epoch = "", 0.0, 0
    written: list[int] = []

    async def node(name: str) -> None:
        nonlocal owner, until, epoch
        if owner not in ("", name):
            await trio.sleep_until(until)
        owner, until, epoch = name, trio.current_time() + 3.0, epoch + 1
        mine = epoch
        for label in ("first", "second"):
            if trio.current_time() < until and epoch == mine:
                await DISK.sleep(world, f"{name} {label}")
                if not fixed or mine >= max(written, default=0):
                    written.append(mine)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(node, "a")
        nursery.start_soon(node, "b")
    assert written == sorted(written), f"an old leader writes after a new one: {written}"


async def lease_expires(world: World) -> None:
    """The lease is asked for before the write, and expires while the write is on its way."""
    await _lease(world, fixed=False)


async def lease_expires_fixed(world: World) -> None:
    """The disk refuses writes of an older epoch."""
    await _lease(world, fixed=True)
