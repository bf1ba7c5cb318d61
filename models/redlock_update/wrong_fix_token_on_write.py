"""Each holder of the lock gets a number, and the store refuses a write with an older one.

A paused client that writes after the next holder has written is refused. One that writes after the
next holder has read, but before it has written, is not.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.redlock_update.counter import Counter, count
from raceexplore.sim.locks import StaleToken


async def add(counter: Counter) -> bool:
    """Add 1; return whether it was added."""
    lock = counter.lock()
    if not await lock.acquire():
        return False
    token = int(await counter.tokens.incr("token"))
    value = await counter.register.read(token)
    await counter.pause()
    try:
        await counter.register.write(value + 1, token)
    except StaleToken:
        return False
    await lock.release()
    return True


async def main(world: World) -> None:
    """Let two clients add 1 each."""
    await count(world, add, fence="write")
