"""A request looks whether the server closes, reads its body, and counts itself in."""

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
        await trio.lowlevel.checkpoint()
        self.active += 1
        await self.database.query()
        self.active -= 1
        if self.closing and not self.active:
            self.idle.set()

    async def close(self):
        self.closing = True
        if self.active:
            await self.idle.wait()
        self.database.is_open = False
