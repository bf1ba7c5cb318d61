import trio


class Count:
    n = 0


async def add(amount):
    seen = Count.n
    await trio.lowlevel.checkpoint()
    Count.n = seen + amount


async def main():
    Count.n = 0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(add, 1)
        nursery.start_soon(add, 2)
    assert Count.n == 3
