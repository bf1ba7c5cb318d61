import trio

STATE = []


async def work(name):
    STATE.append(name)
    await trio.lowlevel.checkpoint()


async def main():
    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(work, name, name=name)
    first = STATE[0]
    STATE.clear()
    assert first != "c"
