"""Programs that cancel nothing and lose something if they are cancelled: for trio and asyncio.

Each is a pair: the body of the module with the bug, and without.
"""

from __future__ import annotations

TRIO = """
import trio
pause = trio.lowlevel.checkpoint
Lock = trio.Lock

async def together(*functions):
    async with trio.open_nursery() as nursery:
        for number, function in enumerate(functions):
            async def alone(function=function):
                with trio.CancelScope():
                    await function()
            nursery.start_soon(alone, name=f"t{number}")
"""
ASYNCIO = """
import asyncio
Lock = asyncio.Lock

async def pause():
    await asyncio.sleep(0)

async def together(*functions):
    tasks = [asyncio.create_task(f(), name=f"t{n}") for n, f in enumerate(functions)]
    await asyncio.wait(tasks)
"""

POOL = """
async def main():
    free = [1, 2]

    async def use():
        while not free:
            await pause()
        one = free.pop()
        {taken}
        try:
            await pause()
        finally:
            free.append(one)

    await together(use, use, use)
    assert len(free) == 2
"""
HALF = """
async def main():
    box, lock = {{"a": 0, "b": 0}}, Lock()

    async def move():
        async with lock:
            {first}
            await pause()
            box["a"] -= 1
            box["b"] += 1

    await together(move, move)
    assert box["a"] + box["b"] == 0
"""
GATE = """
async def main():
    lock, inside = Lock(), []

    async def enter():
        await lock.acquire()
        {between}
        try:
            inside.append(1)
            await pause()
        finally:
            lock.release()

    await together(enter, enter)
    assert not lock.locked()
"""
PROGRAMS = {
    "a connection taken, and cancelled before its return is registered": (
        POOL.format(taken="await pause()"),
        POOL.format(taken=""),
    ),
    "a write in two halves": (
        HALF.format(first='box["a"] += 1; await pause(); box["b"] -= 1'),
        HALF.format(first='box["a"] += 1; box["b"] -= 1'),
    ),
    "a lock acquired, and cancelled before it is sure to be released": (
        GATE.format(between="await pause()"),
        GATE.format(between=""),
    ),
}
RUNTIMES = {"trio": TRIO, "asyncio": ASYNCIO}
