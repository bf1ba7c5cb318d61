import trio


class Item:
    def __init__(self):
        self.n = 0


async def put(found):
    key, value = Item(), Item()
    found[key] = value
    await trio.lowlevel.checkpoint()
    key.n += 1
    value.n += 1


async def take(found):
    await trio.lowlevel.checkpoint()
    for key, value in found.items():
        key.n *= 10
        value.n *= 10


async def main():
    found = {}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(put, found)
        nursery.start_soon(take, found)
