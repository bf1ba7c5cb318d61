"""How long a statement waits before it gives up: lock_timeout, statement_timeout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raceexplore.sim.postgres.engine.errors import SqlError

if TYPE_CHECKING:
    from raceexplore.kernel.runtime import Waiter
    from raceexplore.kernel.world import World


@dataclass(slots=True)
class Patience:
    """The time-outs of one session, in seconds; 0 is none, as in the server's settings.

    deadline_s: when the statement in progress gives up. deadlock_s: how long a wait lasts before
    the server looks for a deadlock.
    """

    lock_s: float = 0.0
    statement_s: float = 0.0
    idle_s: float = 0.0
    deadlock_s: float = 1.0
    deadline_s: float = math.inf

    def start(self, now_s: float) -> None:
        """Note that a statement starts."""
        self.deadline_s = now_s + self.statement_s if self.statement_s else math.inf

    async def over(self, world: World, waiter: Waiter) -> object:
        """Wait, and return what the wake brings. Raises `SqlError` when the time is up."""
        lock_s, left_s = self.lock_s or math.inf, self.deadline_s - world.now()
        if min(lock_s, left_s) == math.inf:
            return await waiter.wait()
        async with world.timeout(max(0.0, min(lock_s, left_s))) as limit:
            answer = await waiter.wait()
        if not limit.expired:
            return answer
        if lock_s < left_s:
            raise SqlError("55P03", "canceling statement due to lock timeout")
        raise SqlError("57014", "canceling statement due to statement timeout")


def outlasts(patience: Patience) -> bool:
    """Return whether a wait lasts until the server looks for a deadlock."""
    limits = [limit for limit in (patience.lock_s, patience.statement_s) if limit]
    return not limits or min(limits) >= patience.deadlock_s
