"""A host's disk: what is written is in memory until it is synced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raceexplore.kernel.world import World
    from raceexplore.sim.latency.quantiles import Latency


class Disk:
    """Named values that survive a crash once they are synced.

    slow: how much longer each sync takes; None: no longer.
    """

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._synced: dict[str, object] = {}
        self._written: dict[str, object] = {}
        self.slow: Latency | None = None

    def write(self, key: str, value: object) -> None:
        """Write a value; a crash before `sync` loses it."""
        self._world.used(self._name, f".disk[{key}]", write=True)
        self._written[key] = value

    def read(self, key: str, otherwise: object = None) -> object:
        """Return what was written last, synced or not; ``otherwise`` if nothing was."""
        self._world.used(self._name, f".disk[{key}]", write=False)
        return self._written.get(key, self._synced.get(key, otherwise))

    async def sync(self) -> None:
        """Make what is written so far survive: fsync. A schedule point before and after."""
        await self._world.checkpoint()
        if self.slow is not None:
            await self.slow.sleep(self._world, f"{self._name} disk")
        self._world.used(self._name, ".disk", write=True)
        self._synced.update(self._written)
        self._written.clear()
        await self._world.checkpoint()

    def lose(self, *, synced: bool) -> None:
        """Lose what is not synced; ``synced``: that too, as with a new disk."""
        self._world.used(self._name, ".disk", write=True)
        self._written.clear()
        if synced:
            self._synced.clear()

    def __iter__(self) -> Iterator[str]:
        self._world.used(self._name, ".disk", write=False)
        return iter(sorted({*self._synced, *self._written}))
