"""Bugs of locks: orders that deadlock, sections that are too small, the wrong lock.

Each function is a program that fails under some schedules only. One schedule point for each
operation on shared state; locks are trio's own, whose requests are schedule points.
The bugs are those of SCTBench and of folklore (docs/schedulers.md); the code is new.
"""

from __future__ import annotations

import trio
from together import point, together


async def account() -> None:
    """A check that forgets the deposit fails once both transfers are done before it."""
    lock = trio.Lock()
    balance, done = 10, 0

    async def deposit() -> None:
        nonlocal balance, done
        async with lock:
            balance += 5
            done += 1

    async def withdraw() -> None:
        nonlocal balance, done
        async with lock:
            balance -= 3
            done += 1

    async def check() -> None:
        async with lock:
            assert done < 2 or balance == 10 - 3

    await together(deposit, withdraw, check)


async def carter() -> None:
    """The last of each group frees the room under the door's lock, which a waiter holds."""
    door, room = trio.Lock(), trio.Semaphore(1)
    inside = {"a": 0, "b": 0}

    async def enters(group: str) -> None:
        async with door:
            inside[group] += 1
            if inside[group] == 1:
                await room.acquire()
        async with door:
            inside[group] -= 1
            if inside[group] == 0:
                room.release()

    async def a() -> None:
        await enters("a")

    async def b() -> None:
        await enters("b")

    async def bystander() -> None:
        async with door:
            pass

    await together(a, b, bystander, bystander)


async def deadlock() -> None:
    """Two locks, taken in two orders."""
    one, two = trio.Lock(), trio.Lock()

    async def upwards() -> None:
        async with one, two:
            pass

    async def downwards() -> None:
        async with two, one:
            pass

    await together(upwards, downwards)


async def _dine(seats: int) -> None:
    forks = [trio.Lock() for _ in range(seats)]

    async def philosopher(seat: int) -> None:
        async with forks[seat], forks[(seat + 1) % seats]:
            pass

    async with trio.open_nursery() as nursery:
        for seat in range(seats):
            nursery.start_soon(philosopher, seat)


async def dining2() -> None:
    """Two philosophers, each with the fork at the left."""
    await _dine(2)


async def dining3() -> None:
    """Three philosophers."""
    await _dine(3)


async def dining4() -> None:
    """Four philosophers."""
    await _dine(4)


async def dining5() -> None:
    """Five philosophers."""
    await _dine(5)


async def dining6() -> None:
    """Six philosophers."""
    await _dine(6)


async def dining7() -> None:
    """Seven philosophers."""
    await _dine(7)


async def lazy() -> None:
    """The third to take the lock sees what the first two have added."""
    lock = trio.Lock()
    data = 0

    async def adds_one() -> None:
        nonlocal data
        async with lock:
            data += 1

    async def adds_two() -> None:
        nonlocal data
        async with lock:
            data += 2

    async def checks() -> None:
        async with lock:
            assert data < 3

    await together(adds_one, adds_two, checks)


async def phase() -> None:
    """The second phase takes the locks of the first in the other order."""
    x, y = trio.Lock(), trio.Lock()

    async def worker() -> None:
        async with x:
            pass
        async with x, y:
            pass

    async def closer() -> None:
        async with y:
            pass
        async with y, x:
            pass

    await together(worker, closer)


async def string_buffer() -> None:
    """An append reads the length of another buffer, which shrinks before it is copied."""
    source, target = list("abcdef"), list("x")
    locked = trio.Lock()

    async def appends() -> None:
        async with locked:
            length = len(source)
        async with locked:
            target.extend(source[i] for i in range(length))

    async def erases() -> None:
        async with locked:
            del source[2:]
        async with locked:
            source.extend("yz")

    await together(appends, erases)


async def _two_stage(writers: int) -> None:
    one, two = trio.Lock(), trio.Lock()
    data1 = data2 = 0

    async def writes() -> None:
        nonlocal data1, data2
        async with one:
            data1 = 1
        await point()
        async with two:
            data2 = data1 + 1

    async def reads() -> None:
        async with one:
            seen = data1
        if seen == 0:
            return
        await point()
        async with two:
            assert data2 == seen + 1, "the second stage is missing"

    await together(*[writes] * writers, reads)


async def two_stage1() -> None:
    """Two critical sections that ought to be one; one writer."""
    await _two_stage(1)


async def two_stage20() -> None:
    """Twenty writers."""
    await _two_stage(20)


async def two_stage100() -> None:
    """A hundred writers."""
    await _two_stage(100)


async def wrong_lock() -> None:
    """Two groups protect the same data with two different locks."""
    data_lock, own_lock = trio.Lock(), trio.Lock()
    data = 0

    async def checks() -> None:
        async with data_lock:
            seen = data
            await point()
            assert data == seen, "changed under the lock"

    async def adds() -> None:
        nonlocal data
        async with own_lock:
            data += 1

    await together(checks, adds, adds, adds)
