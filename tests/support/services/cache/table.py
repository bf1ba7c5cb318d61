"""The slow table."""

import trio


class Table:
    def __init__(self):
        self.reads = 0

    async def read(self, key):
        self.reads += 1
        await trio.sleep(1)
        return f"row {key}"
