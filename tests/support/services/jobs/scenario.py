"""Two workers and two jobs."""

import trio

from jobs.store import Store


async def run(core):
    store = Store(["mail", "bill"])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(core.work, store, name="ann")
        nursery.start_soon(core.work, store, name="bob")
    assert sorted(store.done) == ["bill", "mail"], store.done
