import trio


class Item:
    def __init__(self):
        self.n = 0


async def serve(task_status):
    item = Item()
    task_status.started(item)
    await trio.lowlevel.checkpoint()
    item.n += 1


async def other(item):
    item.n *= 3


async def main():
    async with trio.open_nursery() as nursery:
        item = await nursery.start(serve)
        nursery.start_soon(other, item, name="o")
        await trio.lowlevel.checkpoint()
        item.n *= 2
