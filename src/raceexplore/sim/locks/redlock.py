"""Redlock: one lock on several independent Redis servers, held while most of them say so.

Source: the page "Distributed Locks with Redis" of Redis' documentation, section "The Redlock
Algorithm". Its safety rests on bounds for delays, pauses and clock errors (M. Kleppmann, "How to do
distributed locking", 2016), which is what a simulation can break.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from raceexplore.sim.hosts.wire import NOTHING, Span, span
from raceexplore.sim.latency.quantiles import Latency, require
from raceexplore.sim.locks.tokens import unique_token
from raceexplore.sim.redis.native import RELEASE
from raceexplore.sim.unmodelled import library

if TYPE_CHECKING:
    from raceexplore.sim.redis.client import Client

DRIFT = 0.01  # of the time to live, for clocks that run at different speeds
DRIFT_S = 0.002  # and for the precision of expiry


class Redlock:
    """A lock over several Redis servers.

    clients: one of each server; give them a ``socket_timeout`` far below ``ttl_s``.
    resource: the key. ttl_s: seconds that a server keeps it.
    tries: how often `acquire` asks all of them; between two rounds it waits for ``retry`` (jitter,
        so that rivals do not collide again), or not at all.
    valid_until_s: until which virtual second the lock holds, if the assumptions do; None: not held.
    Raises `ValueError` without clients or for a time to live that drift uses up.
    """

    def __init__(
        self,
        clients: Sequence[Client],
        resource: str,
        ttl_s: float,
        *,
        tries: int = 3,
        retry: Latency | None = None,
    ) -> None:
        require(bool(clients), "Redlock: it needs at least one client")
        require(ttl_s * (1 - DRIFT) > DRIFT_S, f"Redlock: ttl_s={ttl_s} leaves no validity time")
        require(tries >= 1, f"Redlock: tries must be at least 1, not {tries}")
        self.clients = tuple(clients)
        self.world = self.clients[0].server.world
        self.resource = resource
        self.ttl_s = ttl_s
        self.tries = tries
        self.retry = retry
        self.token: str | None = None
        self.valid_until_s: float | None = None
        self._held: Span = NOTHING

    @property
    def majority(self) -> int:
        """How many servers must say yes."""
        return len(self.clients) // 2 + 1

    async def acquire(self) -> bool:
        """Take the lock; False if most servers refused or did not answer in time, each time."""
        with span(self.world, "lock", lambda: f"{self.resource} acquire"):
            for number in range(self.tries):
                if number and self.retry is not None:
                    await self.retry.sleep(self.world, f"retry {self.resource}")
                if await self._attempt():
                    self._held = span(self.world, "lock", lambda: f"{self.resource} held")
                    return True
        return False

    async def release(self) -> None:
        """Give the lock back on every server, also where it was not had."""
        self.world.changed(self)
        token, self.token, self.valid_until_s = self.token, None, None
        self._held.end()
        if token is None:
            return
        with span(self.world, "lock", lambda: f"{self.resource} release"):
            for client in self.clients:
                try:
                    await client.eval(RELEASE, 1, self.resource, token)
                except (library("redis").ConnectionError, library("redis").TimeoutError):
                    continue  # it goes with its time to live

    def valid(self) -> bool:
        """Return whether the lock still holds by the holder's own clock."""
        self.world.changed(self)
        return self.valid_until_s is not None and self.world.now() < self.valid_until_s

    async def __aenter__(self) -> Self:
        if not await self.acquire():
            raise library("redis").exceptions.LockError(
                f"no majority for {self.resource} after {self.tries} tries"
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.release()

    async def _attempt(self) -> bool:
        self.world.changed(self)
        token = self.token = unique_token(self.world)
        begin_s, agreed = self.world.now(), 0
        for client in self.clients:
            try:
                set_ = await client.set(self.resource, token, nx=True, px=int(self.ttl_s * 1000))
            except (library("redis").ConnectionError, library("redis").TimeoutError):
                continue
            agreed += bool(set_)
        until_s = begin_s + self.ttl_s * (1 - DRIFT) - DRIFT_S
        if agreed >= self.majority and self.world.now() < until_s:
            self.world.changed(self)
            self.valid_until_s = until_s
            return True
        await self.release()
        return False
