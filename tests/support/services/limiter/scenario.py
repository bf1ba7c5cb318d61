"""Two callers and one token."""

import trio

from limiter.audit import Audit


async def run(core):
    limiter, served = core.Limiter(1, Audit()), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(limiter.allow, served, name="ann")
        nursery.start_soon(limiter.allow, served, name="bob")
    assert limiter.tokens >= 0, f"{limiter.tokens} tokens"
