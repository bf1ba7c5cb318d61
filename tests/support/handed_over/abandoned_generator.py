import trio


async def numbers(box):
    try:
        while True:
            yield box["n"]
    finally:
        box["n"] = -1


async def main():
    box = {"n": 0}

    async def watch():
        async for _ in numbers(box):
            return  # trio closes the generator later, in a task of its own

    async def change():
        box["n"] += 1
        await trio.lowlevel.checkpoint()
        box["n"] += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch, name="w")
        nursery.start_soon(change, name="c")
    assert box["n"] in (1, 2, -1)
