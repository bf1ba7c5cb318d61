"""The lease that who holds it leads by."""

import trio


class Lease:
    def __init__(self):
        self.holder = ""

    async def read(self):
        await trio.lowlevel.checkpoint()
        return self.holder

    async def write(self, name):
        await trio.lowlevel.checkpoint()
        self.holder = name

    async def swap(self, before, name):
        await trio.lowlevel.checkpoint()
        if self.holder != before:
            return False
        self.holder = name
        return True
