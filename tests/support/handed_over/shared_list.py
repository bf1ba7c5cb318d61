import trio


class Item:
    def __init__(self):
        self.n = 0


async def produce(box, item):
    item = Item()
    item.n = 1
    box.append(item)
    await trio.lowlevel.checkpoint()
    item.n += 1


async def consume(box):
    await trio.lowlevel.checkpoint()
    if box:
        item = box.pop()
        item.n *= 10
        await trio.lowlevel.checkpoint()
        item.n += 3


async def main():
    box = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(produce, box, None, name="p")
        nursery.start_soon(produce, box, None, name="q")
        nursery.start_soon(consume, box, name="c")
