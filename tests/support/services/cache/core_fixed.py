"""Looks; the first to miss loads, and the others wait for it."""

import trio


class Cache:
    def __init__(self, table):
        self.table = table
        self.rows = {}
        self.loading = {}

    async def get(self, key):
        if key in self.rows:
            return self.rows[key]
        if key in self.loading:
            await self.loading[key].wait()
            return self.rows[key]
        self.loading[key] = trio.Event()
        self.rows[key] = await self.table.read(key)
        self.loading[key].set()
        return self.rows[key]
