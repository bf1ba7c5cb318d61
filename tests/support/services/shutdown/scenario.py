"""A request, and the end of the service."""

import trio

from shutdown.database import Database


async def run(core):
    server = core.Server(Database())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.request, name="request")
        nursery.start_soon(server.close, name="close")
