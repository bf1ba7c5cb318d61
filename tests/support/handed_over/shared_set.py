import trio


class Item:
    def __init__(self):
        self.n = 0


async def produce(box):
    item = Item()
    box.add(item)
    await trio.lowlevel.checkpoint()
    item.n += 1


async def consume(box):
    await trio.lowlevel.checkpoint()
    if box:
        item = box.pop()
        item.n *= 10


async def main():
    box = set()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(produce, box, name="p")
        nursery.start_soon(consume, box, name="c")
        nursery.start_soon(consume, box, name="d")
