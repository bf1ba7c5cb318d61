"""A worker looks at the first job, does it, and takes it out."""

import trio


async def work(store):
    while store.waiting:
        job = store.waiting[0]
        await trio.lowlevel.checkpoint()
        store.done.append(job)
        if job in store.waiting:
            store.waiting.remove(job)
