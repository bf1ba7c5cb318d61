import trio


class Item:
    def __init__(self):
        self.n = 0


async def replace():
    global item  # noqa: PLW0603 what is tested
    item = Item()
    item.n += 1


async def use():
    item.n += 2
    await trio.lowlevel.checkpoint()
    item.n *= 3


async def main():
    global item  # noqa: PLW0603 what is tested
    item = Item()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(replace)
        nursery.start_soon(use)
