"""A lock that is a key in one Redis: what ``redis.asyncio.lock.Lock`` is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from raceexplore.sim.hosts.wire import NOTHING, Span, span
from raceexplore.sim.locks.tokens import unique_token
from raceexplore.sim.redis.native import RELEASE
from raceexplore.sim.unmodelled import library

if TYPE_CHECKING:
    from raceexplore.sim.redis.client import Client

EXTEND = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
local left = ARGV[3] == '0' and redis.call('pttl', KEYS[1]) or 0
redis.call('pexpire', KEYS[1], left + ARGV[2])
return 1
"""


class StoreLock:
    """A key that exists while somebody holds the lock; release compares and deletes.

    client: of the Redis that it is in. name: the key.
    timeout: seconds until it is free again whoever holds it; None: until it is released.
    sleep: seconds between two attempts.
    blocking, blocking_timeout: whether `acquire` waits, and for how many seconds at most.
    Raises `redis.exceptions.LockError`, as redis-py's lock does.
    """

    def __init__(
        self,
        client: Client,
        name: str,
        timeout: float | None = None,
        sleep: float = 0.1,
        *,
        blocking: bool = True,
        blocking_timeout: float | None = None,
        thread_local: bool = True,
        raise_on_release_error: bool = True,
    ) -> None:
        self.client = client
        self.name = name
        self.timeout = timeout
        self.sleep = sleep
        self.blocking = blocking
        self.blocking_timeout = blocking_timeout
        self.raise_on_release_error = raise_on_release_error
        self.token: str | None = None
        self._span: Span = NOTHING

    async def acquire(
        self,
        blocking: bool | None = None,  # noqa: FBT001 redis-py's signature
        blocking_timeout: float | None = None,
        token: str | None = None,
    ) -> bool:
        """Take the lock; False if it is held, and waiting is not wanted or took too long."""
        world = self.client.server.world
        token = token or unique_token(world)
        waits = self.blocking if blocking is None else blocking
        limit_s = self.blocking_timeout if blocking_timeout is None else blocking_timeout
        stop_s = None if limit_s is None else world.now() + limit_s
        ttl_ms = None if self.timeout is None else int(self.timeout * 1000)
        with span(world, "lock", lambda: f"{self.name} acquire"):
            while not await self.client.set(self.name, token, nx=True, px=ttl_ms):
                if not waits or (stop_s is not None and world.now() + self.sleep > stop_s):
                    return False
                await world.sleep(self.sleep)
        world.changed(self)
        self.token = token
        self._span = span(world, "lock", lambda: f"{self.name} held")
        return True

    async def release(self) -> None:
        """Give the lock back. Raises `LockError` if it is not held, or not by this one any more."""
        token, self.token = self._held(), None
        self._span.end()
        with span(self.client.server.world, "lock", lambda: f"{self.name} release"):
            released = await self.client.eval(RELEASE, 1, self.name, token)
        if not released:
            raise self._error("LockNotOwnedError", "Cannot release a lock that's no longer owned")

    async def extend(self, additional_time: float, replace_ttl: bool = False) -> bool:  # noqa: FBT001, FBT002 redis-py's
        """Hold it ``additional_time`` seconds longer; ``replace_ttl``: so long from now."""
        return await self._extended(additional_time, replace=replace_ttl)

    async def reacquire(self) -> bool:
        """Hold it for its whole time-out from now on."""
        if self.timeout is None:
            raise self._error("LockError", "Cannot reacquire a lock with no timeout")
        return await self._extended(self.timeout, replace=True)

    async def locked(self) -> bool:
        """Return whether somebody holds it."""
        return await self.client.get(self.name) is not None

    async def owned(self) -> bool:
        """Return whether this one holds it."""
        stored = await self.client.get(self.name)
        if isinstance(stored, bytes):
            stored = stored.decode()
        self.client.server.world.changed(self)
        return self.token is not None and stored == self.token

    async def __aenter__(self) -> Self:
        if not await self.acquire():
            raise self._error("LockError", "Unable to acquire lock within the time specified")
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.release()
        except library("redis").exceptions.LockError:
            if self.raise_on_release_error:
                raise

    async def _extended(self, seconds: float, *, replace: bool) -> bool:
        millis, flag = int(seconds * 1000), "1" if replace else "0"
        if not await self.client.eval(EXTEND, 1, self.name, self._held(), millis, flag):
            raise self._error("LockNotOwnedError", "Cannot extend a lock that's no longer owned")
        return True

    def _held(self) -> str:
        self.client.server.world.changed(self)
        if self.token is None:
            raise self._error(
                "LockError", "Cannot release a lock that's not owned or is already unlocked."
            )
        return self.token

    def _error(self, kind: str, words: str) -> Exception:
        made: Any = getattr(library("redis").exceptions, kind)
        error: Exception = made(words, lock_name=self.name)
        return error
