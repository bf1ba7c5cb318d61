"""A client reads a counter and writes it back, under a Redlock over three servers.

A pause after the read may outlive the lock. Another client then has it, adds 1, and is overwritten
by the first one when that wakes up.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.redlock_update.counter import Counter, count


async def add(counter: Counter) -> bool:
    """Add 1; return whether it was added."""
    lock = counter.lock()
    if not await lock.acquire():
        return False
    value = await counter.register.read()
    await counter.pause()
    await counter.register.write(value + 1)
    await lock.release()
    return True


async def main(world: World) -> None:
    """Let two clients add 1 each."""
    await count(world, add)
