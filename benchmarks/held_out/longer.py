"""Bugs with a longer way to them: rings, heartbeats, rebuilt indexes, collectors of garbage.

Held out: no scheduler was tuned on these programs. Each fails under some schedules only, and its
twin, ``*_fixed``, under none.
"""

from __future__ import annotations

import trio

point = trio.lowlevel.checkpoint


async def _ring(*, fixed: bool) -> None:
    ring = [0] * 8
    head = 0

    async def writes() -> None:
        nonlocal head
        for value in range(1, 13):
            ring[(value - 1) % 8] = value
            head = value
            await point()

    async def reads() -> None:
        cursor = 0
        for _ in range(12):
            cursor = max(cursor, head - 8)  # skips what is overwritten
            if cursor == head:
                await point()
                continue
            if not fixed:
                await point()
            assert ring[cursor % 8] == cursor + 1, "reads what came a lap later"
            cursor += 1
            await point()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(writes)
        nursery.start_soon(reads)
        nursery.start_soon(reads)


async def ring_overrun() -> None:
    """The writer laps a reader between its look at the head and its reading."""
    await _ring(fixed=False)


async def ring_overrun_fixed() -> None:
    """Nothing awaits in between."""
    await _ring(fixed=True)


async def _heartbeat(*, fixed: bool) -> None:
    beats = [0, 0]
    dead = [False, False]

    async def member(me: int) -> None:
        for _ in range(6):
            if dead[me]:
                return
            beats[me] += 1
            await point()
            if fixed and dead[me]:
                return
            assert not dead[me], "writes though another has taken over"
            await point()

    async def monitor() -> None:
        seen, missed = [0, 0], [0, 0]
        for _ in range(8):
            for i in range(2):
                missed[i] = missed[i] + 1 if beats[i] == seen[i] > 0 else 0
                seen[i] = beats[i]
                dead[i] = dead[i] or missed[i] == 3
            await point()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(member, 0)
        nursery.start_soon(member, 1)
        nursery.start_soon(monitor)


async def dead_but_writing() -> None:
    """A member stalls between a beat and a write for so long that it is declared dead."""
    await _heartbeat(fixed=False)


async def dead_but_writing_fixed() -> None:
    """It asks once more before it writes."""
    await _heartbeat(fixed=True)


async def _rebuild(*, fixed: bool) -> None:
    documents = {f"old {i}": i for i in range(4)}
    index = dict(documents)
    rebuilding: dict[str, int] | None = None

    async def adds() -> None:
        for i in range(4):
            name = f"new {i}"
            documents[name] = i
            index[name] = i
            if fixed and rebuilding is not None:
                rebuilding[name] = i
            await point()

    async def rebuilds() -> None:
        nonlocal index, rebuilding
        await point()
        rebuilding = {}
        for name in list(documents):
            rebuilding[name] = documents[name]
            await point()
        index = rebuilding

    async def searches() -> None:
        for _ in range(4):
            assert index["old 0"] == 0
            await point()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(adds)
        nursery.start_soon(rebuilds)
        nursery.start_soon(searches)
    assert index.keys() == documents.keys(), f"not found: {sorted(documents.keys() - index.keys())}"


async def rebuild_misses() -> None:
    """A document is added to the index that is about to be replaced."""
    await _rebuild(fixed=False)


async def rebuild_misses_fixed() -> None:
    """It is added to both."""
    await _rebuild(fixed=True)


async def _sweep(*, fixed: bool) -> None:
    store = {"x", "d", "y"}  # orphans of an earlier upload
    manifests: list[str] = []
    uploading: list[str] = []

    async def uploads() -> None:
        chunks = ["a", "b", "c", "d", "e"]
        for chunk in chunks:
            if fixed:
                uploading.append(chunk)
            if chunk not in store:
                await point()  # sends it; what is there already need not be sent
                store.add(chunk)
            await point()
        manifests.extend(chunks)

    async def collects() -> None:
        await point()
        orphans = sorted(store - set(manifests))
        for orphan in orphans:
            await point()
            if orphan in ("x", "d", "y") and orphan not in uploading:
                store.discard(orphan)

    async def lists() -> None:
        for _ in range(4):
            assert len(store) < 9
            await point()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(uploads)
        nursery.start_soon(collects)
        nursery.start_soon(lists)
    assert set(manifests) <= store, "the manifest names a chunk that was swept"


async def swept_in_use() -> None:
    """An orphan that a new upload has just found is swept before the manifest names it."""
    await _sweep(fixed=False)


async def swept_in_use_fixed() -> None:
    """What is being uploaded is not swept, and what was swept is sent."""
    await _sweep(fixed=True)
