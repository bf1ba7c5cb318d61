import trio


class Item:
    def __init__(self):
        self.n = 0


async def produce(send):
    item = Item()
    await send.send(item)
    item.n += 1


async def consume(receive):
    item = await receive.receive()
    item.n *= 10
    await trio.lowlevel.checkpoint()
    item.n += 3


async def main():
    send, receive = trio.open_memory_channel(1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(produce, send, name="p")
        nursery.start_soon(produce, send, name="q")
        nursery.start_soon(consume, receive, name="c")
