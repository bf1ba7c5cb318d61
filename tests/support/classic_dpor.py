"""The programs of the DPOR papers whose numbers of traces are published."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import trio

from raceexplore import World

Main = Callable[[World], Coroutine[Any, Any, None]]


def readers(count: int) -> Main:
    """One writer and ``count`` readers of one variable: 2**count traces."""

    async def main(world: World) -> None:
        async def write() -> None:
            world.touch("x", write=True)

        async def read() -> None:
            world.touch("x", write=False)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(write)
            for _ in range(count):
                nursery.start_soon(read)

    return main


def lastzero(count: int) -> Main:
    """Writer j: a[j] = a[j-1] + 1; a reader looks for the last zero: (n+3) 2**(n-2) traces."""

    async def main(world: World) -> None:
        a = [0] * (count + 1)

        async def write(j: int) -> None:
            world.touch(f"a{j - 1}", write=False)
            seen = a[j - 1]
            await world.step(writes=[f"a{j}"])
            a[j] = seen + 1

        async def search() -> None:
            i = count
            world.touch(f"a{i}", write=False)
            while a[i] != 0:
                i -= 1
                await world.step(reads=[f"a{i}"])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(search)
            for j in range(1, count + 1):
                nursery.start_soon(write, j)

    return main
