import trio


class Item:
    def __init__(self):
        self.n = 0


async def main():
    item = None

    async def make():
        nonlocal item
        if item is None:
            item = Item()
        item.n += 1
        await trio.lowlevel.checkpoint()
        item.n += 1

    async def use():
        await trio.lowlevel.checkpoint()
        if item is not None:
            item.n *= 10

    async with trio.open_nursery() as nursery:
        nursery.start_soon(make, name="p")
        nursery.start_soon(make, name="q")
        nursery.start_soon(use, name="c")
