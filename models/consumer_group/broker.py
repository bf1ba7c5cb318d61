"""A log of two entries, the offset that its readers commit, and a rebalance between two readers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from raceexplore import World
from raceexplore.sim.hosts import Host

LOG = ("order 1", "order 2")


@dataclass
class Broker:
    """The log, and how far its group has read it.

    committed: the offset from which the next reader begins. generation: of the group; it grows when
        the log is given to another reader. commits: all of them, in their order.
    effects: what the readers have done, by whoever did it.
    """

    world: World
    committed: int = 0
    generation: int = 1
    commits: list[int] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)

    async def commit(self, offset: int, *, generation: int | None = None) -> bool:
        """Commit that all before ``offset`` is read, and return whether that was taken.

        It is refused if a generation is named that is not the group's any more.
        """
        await self.world.checkpoint()
        if generation not in {None, self.generation}:
            return False
        self.committed = offset
        self.commits.append(offset)
        return True

    async def do(self, offset: int) -> None:
        """Do what entry ``offset`` asks for: it takes a while, and has its effect at the end."""
        await self.world.checkpoint()
        self.effects.append(LOG[offset])


Read = Callable[[Broker, int, int], Coroutine[Any, Any, bool]]


async def run_group(world: World, read: Read) -> None:
    """Let one reader begin, give the log to another one half way, and look what was done.

    read: reads entry ``offset`` as the reader of a generation; False if that is over. The first
    reader may be slow, or dead: the group cannot tell, and the schedule says which, and when.
    """
    broker = Broker(world)
    hosts = Host(world, "first"), Host(world, "second")

    async def consume(begin: int, generation: int) -> None:
        for offset in range(begin, len(LOG)):
            if not await read(broker, offset, generation):
                return  # somebody else reads the log now

    async def rebalance() -> None:
        world.sometimes("the log changed hands half way", 0 < len(broker.commits) < len(LOG))
        broker.generation += 1
        hosts[1].start(consume, broker.committed, broker.generation)

    async def die() -> None:
        hosts[0].crash()

    hosts[0].start(consume, broker.committed, broker.generation)
    world.spawn(rebalance, name="rebalance")
    world.spawn(die, name="die")
    await world.sleep(1.0)
    assert broker.commits == sorted(broker.commits), f"committed back: {broker.commits}"
    skipped = [entry for entry in LOG if entry not in broker.effects]
    assert skipped == [], f"never done: {skipped}"
