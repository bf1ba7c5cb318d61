"""Charges and refunds."""

import trio


class Bank:
    def __init__(self):
        self.charged = 0

    async def charge(self, price):
        await trio.sleep(1)
        self.charged += price

    async def refund(self, price):
        await trio.lowlevel.checkpoint()
        self.charged -= price
