"""Two readers of one row."""

import trio

from cache.table import Table


async def run(core):
    table = Table()
    cache = core.Cache(table)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cache.get, 7, name="ann")
        nursery.start_soon(cache.get, 7, name="bob")
    assert table.reads == 1, f"{table.reads} reads of one row"
