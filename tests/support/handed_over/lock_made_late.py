import trio

LOCK = trio.lowlevel.RunVar("lock")


def lock():
    try:
        return LOCK.get()
    except LookupError:
        made = trio.Lock()
        LOCK.set(made)
        return made


async def work(box):
    async with lock():
        seen = box[0]
        await trio.lowlevel.checkpoint()
        box[0] = seen + 1


async def main():
    box = [0]
    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(work, box, name=name)
    assert box == [3]
