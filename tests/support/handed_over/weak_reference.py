import weakref

import trio


class Item:
    def __init__(self):
        self.n = 0


KEPT = weakref.WeakValueDictionary()


async def make():
    item = Item()
    KEPT["x"] = item
    await trio.lowlevel.checkpoint()
    item.n += 1


async def use():
    item = KEPT.get("x")
    if item is not None:
        item.n *= 10


async def main():
    KEPT.clear()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(make, name="p")
        nursery.start_soon(use, name="c")
        nursery.start_soon(use, name="d")
