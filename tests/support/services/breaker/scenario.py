"""Two callers of a half open breaker."""

import trio

from breaker.backend import Backend


async def run(core):
    backend = Backend()
    breaker = core.Breaker(backend)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(breaker.call, "ann", name="ann")
        nursery.start_soon(breaker.call, "bob", name="bob")
    assert backend.calls == 1, f"{backend.calls} probes"
