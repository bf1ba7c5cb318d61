"""Two candidates."""

import trio

from leader.lease import Lease


async def run(core):
    lease, elected = Lease(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(core.stand, lease, "ann", elected, name="ann")
        nursery.start_soon(core.stand, lease, "bob", elected, name="bob")
    assert len(elected) == 1, elected
