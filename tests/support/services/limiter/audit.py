"""Who asked; nobody relies on it."""

import trio


class Audit:
    def __init__(self):
        self.count = 0

    async def note(self):
        count = self.count
        await trio.lowlevel.checkpoint()
        self.count = count + 1
