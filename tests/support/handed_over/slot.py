import trio


class Holder:
    __slots__ = ("held",)


async def put(holder, name):
    mine = [name]
    holder.held = mine
    await trio.lowlevel.checkpoint()
    mine.append(name)


async def take(holder):
    await trio.lowlevel.checkpoint()
    holder.held.append("taken")


async def main():
    holder = Holder()
    holder.held = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(put, holder, "p")
        nursery.start_soon(put, holder, "q")
        nursery.start_soon(take, holder)
