"""A lease: a lock that ends by itself, with a number that grows at each grant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.sim.latency.quantiles import require
from raceexplore.sim.locks.tokens import unique_token
from raceexplore.sim.redis.native import RELEASE

if TYPE_CHECKING:
    from raceexplore.sim.redis.client import Client

GRANT = """
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return redis.call('incr', KEYS[2])
end
return 0
"""
RENEW = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])
"""


class Lease:
    """The right to act for ``ttl_s`` seconds, kept in one Redis.

    name: the key; ``name:token`` counts the grants.
    token: the number of the grant that is held: the fencing token; None: not held.
    until_s: virtual second at which it ends by the holder's reckoning, begun before it asked.
    Raises `ValueError` unless ``ttl_s`` is above 0.
    """

    def __init__(self, client: Client, name: str, ttl_s: float) -> None:
        require(ttl_s > 0, f"Lease: ttl_s must be above 0, not {ttl_s}")
        self.client = client
        self.name = name
        self.ttl_s = ttl_s
        self.token: int | None = None
        self.until_s = 0.0
        self._owner = ""

    async def acquire(self) -> int | None:
        """Ask for the lease once; return its fencing token, or None if somebody else has it."""
        world = self.client.server.world
        begin_s, owner = world.now(), unique_token(world)
        keys = self.name, f"{self.name}:token"
        granted = await self.client.eval(GRANT, 2, *keys, owner, int(self.ttl_s * 1000))
        if not granted:
            return None
        world.changed(self)
        self._owner, self.token, self.until_s = owner, int(granted), begin_s + self.ttl_s
        return self.token

    async def renew(self) -> bool:
        """Have it for another ``ttl_s`` seconds from now; False if it is somebody else's."""
        world = self.client.server.world
        world.changed(self)
        begin_s = world.now()
        millis = int(self.ttl_s * 1000)
        if not await self.client.eval(RENEW, 1, self.name, self._owner, millis):
            world.changed(self)
            self.token = None
            return False
        world.changed(self)
        self.until_s = begin_s + self.ttl_s
        return True

    async def release(self) -> None:
        """Give it back, if it is still held."""
        self.client.server.world.changed(self)
        self.token = None
        await self.client.eval(RELEASE, 1, self.name, self._owner)
