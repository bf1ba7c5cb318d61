"""Two servers, a lease that says who leads, a clock that may be slow, and what leaders write."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from raceexplore import World
from raceexplore.sim.hosts import Host
from raceexplore.sim.locks import Lease, Register
from raceexplore.sim.redis import Redis

LEASE_S = 10.0
DRIFT = -0.2  # a slow clock loses two seconds in ten
WORK_S = (0.2, 11.0)  # at once, or after the lease has ended
Write = Callable[["Server"], Awaitable[None]]


class Server:
    """One server: it leads once it has the lease, and writes the number of its term.

    until_s: when the lease ends, by the server's own clock. term: the number of the lease.
    """

    def __init__(self, host: Host, store: Redis, record: Register[int], terms: list[int]) -> None:
        self.world, self.name = host.world, host.name
        self.lease = Lease(store.client(), "leader", LEASE_S)
        self.record, self.terms = record, terms
        self.until_s, self.term = 0.0, 0

    async def lead(self, write: Write) -> None:
        """Wait for the lease, work for a while, and write."""
        while True:
            begin_s = time.time()
            term = await self.lease.acquire()
            if term is not None:
                break
            await self.world.sleep(LEASE_S / 20)
        self.term, self.until_s = term, begin_s + LEASE_S
        await self.world.sleep(self.world.pick("work", WORK_S, kind="data"))
        await write(self)

    async def put(self, token: int = 0) -> None:
        """Write the term into the record."""
        await self.record.write(self.term, token)
        self.terms.append(self.term)


async def rule(world: World, write: Write, *, fenced: bool = False) -> None:
    """Let both servers lead once; the one that comes first may have a slow clock."""
    record: Register[int] = Register(world, "record", 0, fence="write" if fenced else "none")
    store, terms = Redis(world, "store"), list[int]()
    slow = world.pick("the first clock drifts", (0.0, DRIFT), kind="fault")
    for name, drift in (("first", slow), ("second", 0.0)):
        host = Host(world, name, drift=drift)
        host.start(Server(host, store, record, terms).lead, write, name="lead")
        await world.checkpoint()
    await world.sleep(10 * LEASE_S)
    world.sometimes("both have led", len(terms) == 2)
    assert terms == sorted(terms), f"terms were written in the order {terms}"
