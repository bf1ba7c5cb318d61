"""A request looks whether the server closes, and counts itself in at once."""

import trio


class Server:
    def __init__(self, database):
        self.database = database
        self.closing = False
        self.active = 0
        self.idle = trio.Event()

    async def request(self):
        if self.closing:
            return
        self.active += 1
        await trio.lowlevel.checkpoint()
        await self.database.query()
        self.active -= 1
        if self.closing and not self.active:
            self.idle.set()

    async def close(self):
        self.closing = True
        if self.active:
            await self.idle.wait()
        self.database.is_open = False
