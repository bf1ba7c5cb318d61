"""The service behind the breaker."""

import trio


class Backend:
    def __init__(self):
        self.calls = 0

    async def call(self):
        self.calls += 1
        await trio.sleep(1)
