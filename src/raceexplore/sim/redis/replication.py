"""How writes reach the replicas: later, one by one, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.sim.latency.quantiles import Latency
from raceexplore.sim.redis.node import Node, spelled

if TYPE_CHECKING:
    from raceexplore.kernel.lot import Lot


class Replica:
    """A node that follows a master.

    node: its data.
    applied: how many entries of the master's log it has; ``told`` is woken at each.
    """

    def __init__(self, node: Node, master: Node, lag: Latency | None, told: Lot) -> None:
        self.world = world = node.world
        self.node = node
        node.follows = True
        self.applied = len(master.log)
        self._told = told
        self._lag = lag
        self._link = world.spawn(self._follow, master, name=f"{node.name} replication")

    def stop(self) -> None:
        """Stop following; what has not come yet never comes."""
        self._link.kill()

    async def _follow(self, master: Node) -> None:
        while True:
            while self.applied == len(master.log):
                self.world.used(f"{master.name} log", write=False)
                await master.written.park(f"a write on {master.name}")
            key, copy = master.log[self.applied]
            if self._lag is None:
                await self.world.checkpoint()
            else:
                await self._lag.sleep(self.world, f"{self.node.name} lag")
            self.node.apply(key, copy)
            self.applied += 1
            self.world.event(f"{self.node.name} has {spelled(key)}")
            self._told.wake(len(self._told))
