import trio

LOCK = trio.lowlevel.RunVar("lock", None)


async def work():
    if LOCK.get() is None:
        LOCK.set(1)
    await trio.lowlevel.checkpoint()


async def main():
    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(work, name=name)
