"""One who listens."""

import trio


class Member:
    def __init__(self, name):
        self.name = name
        self.present = True
        self.heard = []

    async def tell(self, text):
        await trio.lowlevel.checkpoint()
        assert self.present, f"{self.name} has left, and is told {text!r}"
        self.heard.append(text)
