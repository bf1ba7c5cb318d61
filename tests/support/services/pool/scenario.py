"""Two clients of a pool of one."""

import trio


async def client(pool):
    try:
        connection = await pool.lease()
    except RuntimeError:
        return
    await trio.lowlevel.checkpoint()
    pool.give_back(connection)


async def run(core):
    pool = core.Pool(1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client, pool, name="ann")
        nursery.start_soon(client, pool, name="bob")
    assert len(pool.connections) <= pool.limit, f"{len(pool.connections)} are open"
