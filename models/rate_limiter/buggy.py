"""A gateway looks how many tokens are left, and takes one if there is any.

Two requests may both see the last token. Both are let through, and the bucket is below zero.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.rate_limiter.gateway import Gateway, serve


async def take(gateway: Gateway) -> bool:
    """Take a token; return whether there was one."""
    if int(await gateway.redis.get("tokens")) < 1:
        return False
    await gateway.redis.decr("tokens")
    return True


async def main(world: World) -> None:
    """Let three requests come at once."""
    await serve(world, take)
