"""The gateway says by its own monotonic clock what time it is, and the script does the rest.

Looking, filling and taking are one step, so no two requests see the same token. A clock that is set
forward fills nothing, since nobody asks it.
"""

from __future__ import annotations

import time

from raceexplore import World
from raceexplore.models.rate_limiter.gateway import BURST, RATE, Gateway, serve

TAKE = """
local last = tonumber(redis.call('get', KEYS[2]) or ARGV[3])
local left = tonumber(redis.call('get', KEYS[1])) + (ARGV[3] - last) * tonumber(ARGV[2])
left = math.min(left, tonumber(ARGV[1]))
redis.call('set', KEYS[2], math.max(last, ARGV[3]))
if left < 1 then return 0 end
redis.call('set', KEYS[1], left - 1)
return 1
"""


async def take(gateway: Gateway) -> bool:
    """Take a token; return whether there was one."""
    now_s = time.monotonic()
    return bool(await gateway.redis.eval(TAKE, 2, "tokens", "last", BURST, RATE, now_s))


async def main(world: World) -> None:
    """Let three requests come at once."""
    await serve(world, take)
