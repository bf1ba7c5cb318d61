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


INODES, BLOCKS = 32, 26


def filesystem(count: int) -> Main:
    """Tasks that each take an inode and, if it has no block, a free one: 2**(n-13) traces.

    Flanagan and Godefroid, POPL 2005, figure 12: one lock an inode and one a block.
    """

    async def main(world: World) -> None:
        inode, busy = [0] * INODES, [False] * BLOCKS
        inodes = [trio.Lock() for _ in range(INODES)]
        blocks = [trio.Lock() for _ in range(BLOCKS)]

        async def worker(number: int) -> None:
            i = number % INODES
            world.touch(f"inode {i}", write=True)
            async with inodes[i]:
                world.touch(f"inode {i}", write=True)
                if inode[i] == 0:
                    await allocate(i)
            world.touch(f"inode {i}", write=True)

        async def allocate(i: int) -> None:
            b = (i * 2) % BLOCKS
            while True:
                world.touch(f"inode {i}", f"block {b}", write=True)
                async with blocks[b]:
                    world.touch(f"inode {i}", f"block {b}", write=True)
                    free = not busy[b]
                    if free:
                        busy[b] = True
                        inode[i] = b + 1
                if free:
                    return
                b = (b + 1) % BLOCKS

        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(worker, number)

    return main


SLOTS, MESSAGES = 128, 4


def indexer(count: int) -> Main:
    """Tasks that each insert four messages into one hash table: 8**(n-11) traces.

    Flanagan and Godefroid, POPL 2005, figure 11: compare-and-swap on 128 slots.
    """

    async def main(world: World) -> None:
        table = [0] * SLOTS

        async def worker(number: int) -> None:
            for message in range(1, MESSAGES + 1):
                word = message * 11 + number
                h = (word * 7) % SLOTS
                while not await put(h, word):
                    h = (h + 1) % SLOTS

        async def put(h: int, word: int) -> bool:
            await world.step()
            # a compare-and-swap that fails only reads
            free = table[h] == 0
            world.touch(f"slot {h}", write=free)
            if free:
                table[h] = word
            return free

        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(worker, number)

    return main
