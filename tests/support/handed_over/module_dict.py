import trio

STATE = {"n": 0}


async def work():
    seen = STATE["n"]
    await trio.lowlevel.checkpoint()
    STATE["n"] = seen + 1


async def main():
    STATE["n"] = 0
    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(work, name=name)
