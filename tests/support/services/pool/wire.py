"""What a connection is made of."""

import trio


class Connection:
    def __init__(self):
        self.busy = False


async def connect():
    await trio.lowlevel.checkpoint()
    return Connection()
