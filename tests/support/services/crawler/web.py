"""The pages, and what they link to."""

import trio

LINKS = {"a": ["c"], "b": ["c"], "c": []}


class Web:
    def __init__(self):
        self.fetched = []

    async def fetch(self, page):
        await trio.lowlevel.checkpoint()
        self.fetched.append(page)
        return LINKS[page]
