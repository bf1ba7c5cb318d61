"""Bugs of services: caches, outboxes, pages, votes and payments.

Held out: no scheduler was tuned on these programs. Each fails under some schedules only, and its
twin, ``*_fixed``, under none.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.sim import LogNormal

point = trio.lowlevel.checkpoint


class _Cache:
    """Loads a value once, however many ask for it; who comes while it is loaded waits."""

    def __init__(self, *, fixed: bool) -> None:
        self.fixed = fixed
        self.values: dict[str, int] = {}
        self.flights: dict[str, trio.Event] = {}
        self.loads = 0

    async def get(self, key: str) -> int:
        if key in self.values:
            return self.values[key]
        await point()  # counts the miss
        if self.fixed and key in self.values:
            return self.values[key]
        if key in self.flights:
            await self.flights[key].wait()
            return self.values[key]
        landed = self.flights[key] = trio.Event()
        self.loads += 1
        await point()  # asks the database
        self.values[key] = 7
        del self.flights[key]
        landed.set()
        return 7


async def _stampede(*, fixed: bool) -> None:
    cache = _Cache(fixed=fixed)
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(cache.get, "front page")
    assert cache.loads == 1, f"loaded {cache.loads} times"


async def cache_stampede() -> None:
    """Who missed before the value came, and asks for the flight when it has landed, loads again."""
    await _stampede(fixed=False)


async def cache_stampede_fixed() -> None:
    """The cache is asked again together with the flights."""
    await _stampede(fixed=True)


async def _stale_fill(*, fixed: bool) -> None:
    database, cache = {"price": 10}, dict[str, int]()
    version = 0

    async def reads() -> None:
        if "price" in cache:
            return
        before, price = version, database["price"]
        await point()  # the answer travels
        if not fixed or before == version:
            cache["price"] = price

    async def updates() -> None:
        nonlocal version
        await point()
        database["price"] = 12
        await point()
        version += 1
        cache.pop("price", None)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reads)
        nursery.start_soon(reads)
        nursery.start_soon(updates)
    assert cache.get("price", 12) == 12, "the cache keeps the old price for ever"


async def stale_fill() -> None:
    """A reader puts what it read into the cache after a writer has changed and invalidated it."""
    await _stale_fill(fixed=False)


async def stale_fill_fixed() -> None:
    """A reader whose value was invalidated meanwhile does not fill the cache."""
    await _stale_fill(fixed=True)


async def _outbox(*, fixed: bool) -> None:
    committed: list[int] = []
    delivered: list[int] = []
    last = cursor = 0
    lock = trio.Lock()

    async def writes() -> None:
        nonlocal last
        if fixed:
            await lock.acquire()
        last += 1
        number = last
        await point()  # the rest of the transaction
        committed.append(number)
        if fixed:
            lock.release()

    async def polls() -> None:
        nonlocal cursor
        new = sorted(number for number in committed if number > cursor)
        delivered.extend(new)
        cursor = max([cursor, *new])

    async def relays() -> None:
        for _ in range(3):
            await polls()
            await point()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(relays)
        for _ in range(3):
            nursery.start_soon(writes)
    await polls()
    assert sorted(delivered) == [1, 2, 3], f"delivered {delivered}"


async def outbox_gap() -> None:
    """Numbers are drawn in one order and committed in another: a reader goes past a late one."""
    await _outbox(fixed=False)


async def outbox_gap_fixed() -> None:
    """The number is drawn and committed under one lock."""
    await _outbox(fixed=True)


async def _pages(*, fixed: bool) -> None:
    items = list(range(6))
    seen: list[int] = []

    async def lists() -> None:
        offset, last = 0, -1
        while True:
            after = [item for item in items if item > last]
            page = after[:2] if fixed else items[offset : offset + 2]
            if not page:
                return
            seen.extend(page)
            offset, last = offset + 2, page[-1]
            await point()

    async def deletes() -> None:
        await point()
        items.remove(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lists)
        nursery.start_soon(deletes)
    assert set(seen) >= {0, 2, 3, 4, 5}, f"an item that was there all the time is missing: {seen}"


async def page_drift() -> None:
    """Pages by offset: something deleted on an earlier page shifts an item past the reader."""
    await _pages(fixed=False)


async def page_drift_fixed() -> None:
    """Pages by the last key."""
    await _pages(fixed=True)


class _Voter:
    """A node of an election: it may vote once a term, and writes down for whom."""

    def __init__(self, *, fixed: bool) -> None:
        self.fixed, self.voted = fixed, ""

    async def asked(self, candidate: str) -> bool:
        if self.voted not in ("", candidate):
            return False
        if self.fixed:
            self.voted = candidate
        await point()  # writes to disk
        self.voted = candidate
        return True


async def _election(*, fixed: bool) -> None:
    nodes = {name: _Voter(fixed=fixed) for name in "abc"}
    leaders: list[str] = []

    async def stands(name: str) -> None:
        votes = 0
        for voter in (name, *(other for other in nodes if other != name)):
            votes += await nodes[voter].asked(name)
        if votes >= 2:
            leaders.append(name)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stands, "a")
        nursery.start_soon(stands, "b")
    assert len(leaders) < 2, "two leaders in one term"


async def double_vote() -> None:
    """A vote is noted down after it was written to disk: the same node votes twice."""
    await _election(fixed=False)


async def double_vote_fixed() -> None:
    """The vote is noted down first."""
    await _election(fixed=True)


BANK = LogNormal(median_s=0.4, sigma=0.5)


async def _payment(world: World, *, fixed: bool) -> None:
    known: set[str] = set()
    charges: list[str] = []

    async def server(order: str) -> None:
        if order in known:
            return
        if fixed:
            known.add(order)
        await BANK.sleep(world, "bank")
        charges.append(order)
        known.add(order)

    async def client(order: str, nursery: trio.Nursery) -> None:
        for _ in range(2):
            nursery.start_soon(server, order)
            with trio.move_on_after(1.0):
                while order not in charges:  # noqa: ASYNC110 it polls
                    await trio.sleep(0.2)
                return

    async with trio.open_nursery() as nursery:
        nursery.start_soon(client, "order 1", nursery)
        nursery.start_soon(client, "order 2", nursery)
    assert len(set(charges)) == len(charges), f"charged twice: {charges}"


async def retry_pays_twice(world: World) -> None:
    """A client asks again after a second; the first payment is known only once it is done."""
    await _payment(world, fixed=False)


async def retry_pays_twice_fixed(world: World) -> None:
    """The payment is known before the bank is asked."""
    await _payment(world, fixed=True)
