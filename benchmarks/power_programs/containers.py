"""Bugs of shared containers: buffers, queues, stacks.

Each function is a program that fails under some schedules only. One schedule point for each
operation on shared state; locks are trio's own, whose requests are schedule points.
The bugs are those of SCTBench and of folklore (docs/schedulers.md); the code is new.
"""

from __future__ import annotations

import trio
from together import point, together


async def aba_stack() -> None:
    """A lock-free pop compares the head only: another has popped two and pushed one back."""
    below: dict[str, str] = {"a": "b", "b": "c", "c": ""}
    head = "a"
    popped: list[str] = []

    async def pop() -> str:
        nonlocal head
        while head:
            top = head
            await point()
            under = below[top]
            await point()
            if head == top:  # compare and swap
                head = under
                popped.append(top)
                return top
        return ""

    async def push(item: str) -> None:
        nonlocal head
        top = head
        await point()
        below[item] = top
        await point()
        if head == top:
            popped.remove(item)
            head = item

    async def pops() -> None:
        await pop()

    async def pops_and_pushes() -> None:
        first = await pop()
        await point()
        await pop()
        await point()
        await push(first)

    await together(pops, pops_and_pushes)
    held, item = list(popped), head
    while item:
        held.append(item)
        item = below[item]
    assert len(set(held)) == len(held), f"owned twice: {held}"


async def circular_buffer() -> None:
    """Two senders fill a ring without a lock and write to the same place."""
    ring, first, filled = [0] * 4, 0, 0
    received: list[int] = []

    async def send(value: int) -> None:
        nonlocal filled
        place = (first + filled) % 4
        await point()
        ring[place] = value
        await point()
        filled += 1

    async def sends_odd() -> None:
        await send(1)
        await send(3)

    async def sends_even() -> None:
        await send(2)

    async def receives() -> None:
        nonlocal first, filled
        for _ in range(6):
            if filled:
                received.append(ring[first])
                first = (first + 1) % 4
                filled -= 1
            await point()

    await together(sends_odd, sends_even, receives)
    assert len(set(received)) == len(received), f"received twice: {received}"


async def queue() -> None:
    """The length is read before the lock is taken: two takers both see the last item."""
    lock = trio.Lock()
    items: list[int] = []

    async def puts() -> None:
        for i in range(3):
            async with lock:
                items.append(i)

    async def takes() -> None:
        for _ in range(3):
            await point()
            if items:
                async with lock:
                    items.pop(0)

    await together(puts, takes, takes)


async def stack() -> None:
    """Two pops test the size and pop in two steps."""
    items: list[int] = []

    async def pushes() -> None:
        for i in range(4):
            items.append(i)
            await point()

    async def pops() -> None:
        for _ in range(4):
            if items:
                await point()
                items.pop()
            await point()

    await together(pushes, pops, pops)


async def work_stealing() -> None:
    """The owner pops the last item without the lock while a thief steals it."""
    items = [0] * 8
    head = tail = 0
    lock = trio.Lock()
    done: list[int] = []

    async def push(item: int) -> None:
        nonlocal tail
        items[tail % 8] = item
        await point()
        tail += 1

    async def pop() -> None:
        nonlocal tail
        last = tail - 1
        await point()
        if head <= last:  # the bug: the thief may be between its test and its taking
            await point()
            tail = last
            await point()
            done.append(items[last % 8])

    async def owns() -> None:
        await push(1)
        await push(2)
        await pop()
        await push(3)
        await pop()
        await pop()

    async def steals() -> None:
        nonlocal head
        for _ in range(2):
            async with lock:
                first = head
                await point()
                if first < tail:
                    await point()
                    done.append(items[first % 8])
                    head = first + 1

    await together(owns, steals)
    assert len(set(done)) == len(done), f"done twice: {done}"
