"""The store also looks at the number when the counter is read.

Whoever has read with a number shuts out all older ones at that moment. A paused client is refused
whether it writes before the next holder or after it.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.redlock_update.counter import count
from raceexplore.models.redlock_update.wrong_fix_token_on_write import add


async def main(world: World) -> None:
    """Let two clients add 1 each."""
    await count(world, add, fence="read+write")
