"""Looks, loads, stores."""


class Cache:
    def __init__(self, table):
        self.table = table
        self.rows = {}

    async def get(self, key):
        if key not in self.rows:
            self.rows[key] = await self.table.read(key)
        return self.rows[key]
