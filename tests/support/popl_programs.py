"""The two programs of Flanagan and Godefroid (POPL 2005, figures 11 and 12), observed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import trio

INODES, BLOCKS, SLOTS, MESSAGES = 32, 26, 128, 4


def filesystem(count: int) -> Callable[[], Coroutine[Any, Any, None]]:
    """Tasks that each lock an inode and, if it has no block, find a free one: 2**(n-13) traces."""

    async def main() -> None:
        inode, busy = [0] * INODES, [False] * BLOCKS
        inodes = [trio.Lock() for _ in range(INODES)]
        blocks = [trio.Lock() for _ in range(BLOCKS)]

        async def worker(number: int) -> None:
            i = number % INODES
            async with inodes[i]:
                if inode[i] == 0:
                    b = (i * 2) % BLOCKS
                    while not await take(i, b):
                        b = (b + 1) % BLOCKS

        async def take(i: int, b: int) -> bool:
            async with blocks[b]:
                if busy[b]:
                    return False
                busy[b] = True
                inode[i] = b + 1
                return True

        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(worker, number)

    return main


def indexer(count: int) -> Callable[[], Coroutine[Any, Any, None]]:
    """Tasks that each put four messages into a hash table of 128 slots: 8**(n-11) traces."""

    async def main() -> None:
        table = [0] * SLOTS

        async def worker(number: int) -> None:
            for message in range(1, MESSAGES + 1):
                word = message * 11 + number
                h = (word * 7) % SLOTS
                while not await compare_and_swap(h, word):
                    h = (h + 1) % SLOTS

        async def compare_and_swap(h: int, word: int) -> bool:
            await trio.lowlevel.checkpoint()
            if table[h] != 0:
                return False
            table[h] = word
            return True

        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(worker, number)

    return main
