"""A worker takes the first job out, and does it."""

import trio


async def work(store):
    while store.waiting:
        job = store.waiting.pop(0)
        await trio.lowlevel.checkpoint()
        store.done.append(job)
