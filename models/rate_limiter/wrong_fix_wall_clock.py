"""One script fills the bucket for the time that has passed, and takes a token, in one step.

It asks the server's wall clock how much time that was. When the clock is set forward, the bucket is
full at once.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.rate_limiter.gateway import BURST, RATE, Gateway, serve

TAKE = """
local now = redis.call('time')
local last = tonumber(redis.call('get', 'last') or now[1])
local left = tonumber(redis.call('get', 'tokens')) + (now[1] - last) * tonumber(ARGV[2])
left = math.min(left, tonumber(ARGV[1]))
redis.call('set', 'last', now[1])
if left < 1 then return 0 end
redis.call('set', 'tokens', left - 1)
return 1
"""


async def take(gateway: Gateway) -> bool:
    """Take a token; return whether there was one."""
    return bool(await gateway.redis.eval(TAKE, 2, "tokens", "last", BURST, RATE))


async def main(world: World) -> None:
    """Let three requests come at once."""
    await serve(world, take)
