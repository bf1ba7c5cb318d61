import contextvars

import trio

V = contextvars.ContextVar("v")


class Item:
    def __init__(self):
        self.n = 0


async def work():
    V.get().n += 1
    await trio.lowlevel.checkpoint()
    V.get().n *= 2


async def main():
    V.set(Item())
    async with trio.open_nursery() as nursery:
        for name in "ab":
            nursery.start_soon(work, name=name)
