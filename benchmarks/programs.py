"""The programs that benchmarks/kernel.py measures, for trio and as bare coroutines."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from types import coroutine
from typing import Any

import trio


@dataclass(frozen=True)
class Case:
    """One program: for trio, and (where that can be said in send) as bare coroutines."""

    name: str
    program: Callable[[], Coroutine[Any, Any, object]]
    bare: Callable[[random.Random], None] | None = None
    wanted: float = 1.0


def checkpoints(tasks: int, turns: int) -> Callable[[], Coroutine[Any, Any, object]]:
    """Return a program of ``tasks`` tasks that meet ``turns`` checkpoints each."""

    async def program() -> None:
        box = {"x": 0}

        async def worker() -> None:
            for _ in range(turns):
                seen = box["x"]
                await trio.lowlevel.checkpoint()
                box["x"] = seen + 1

        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(worker)

    return program


@coroutine
def _give_way() -> Iterator[None]:
    yield


def bare(tasks: int, turns: int) -> Callable[[random.Random], None]:
    """Return the same as bare coroutines: what Python itself asks for such a run."""

    def run(generator: random.Random) -> None:
        box = {"x": 0}

        async def worker() -> None:
            for _ in range(turns):
                seen = box["x"]
                await _give_way()
                box["x"] = seen + 1

        draw = generator.random
        ready = [worker() for _ in range(tasks)]
        while ready:
            index = int(draw() * len(ready))
            try:
                ready[index].send(None)
            except StopIteration:
                ready.pop(index)

    return run


async def mixed() -> None:
    """Use locks, channels, timeouts, sleeps and an event, with seven tasks."""
    lock, opened = trio.Lock(), trio.Event()
    send, receive = trio.open_memory_channel[int](2)

    async def producer(own: trio.MemorySendChannel[int]) -> None:
        async with own:
            for item in range(5):
                with trio.move_on_after(0.5):
                    await own.send(item)
                await trio.sleep(0.01)

    async def consumer(own: trio.MemoryReceiveChannel[int]) -> None:
        async with own:
            async for _ in own:
                async with lock:
                    await trio.lowlevel.checkpoint()

    async def opener() -> None:
        await trio.sleep(0.02)
        opened.set()

    async def impatient() -> None:
        with trio.move_on_after(0.005):
            await opened.wait()
        async with lock:
            await trio.sleep(0.001)

    async with trio.open_nursery() as nursery, send, receive:
        for _ in range(2):
            nursery.start_soon(producer, send.clone())
            nursery.start_soon(consumer, receive.clone())
            nursery.start_soon(impatient)
        nursery.start_soon(opener)


def cases() -> list[Case]:
    """Return the programs measured, with how many times plain trio's speed is wanted."""
    sizes = ((2, 3, 4.0), (3, 10, 3.3), (10, 20, 2.2), (100, 100, 1.0), (1_000, 20, 1.0))
    found = [Case(f"{t:,} x {k}", checkpoints(t, k), bare(t, k), w) for t, k, w in sizes]
    return [*found, Case("primitives", mixed)]
