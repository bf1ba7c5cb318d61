"""What requests need, until it is closed."""

import trio


class Database:
    def __init__(self):
        self.is_open = True

    async def query(self):
        assert self.is_open, "a query of a closed database"
        await trio.lowlevel.checkpoint()
