"""Where each request has its data from: feeds of items, and pools of clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.load.draws import zipf

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from raceexplore.kernel.lot import Lot
    from raceexplore.kernel.world import World

# of this world, the label of the draw, the number of the request and of its copy: the item
Feed = Callable[["World", str, int, int], Any]


def circular(items: Sequence[Any]) -> Feed:
    """Give request n the nth item, and begin again after the last."""
    kept = _some("circular", items)
    return lambda _world, _label, number, _copy: kept[(number - 1) % len(kept)]


def random_items(items: Sequence[Any]) -> Feed:
    """Draw an item for each request, each equally likely; the first one is neutral."""
    kept = _some("random_items", items)
    return lambda world, label, _number, _copy: world.pick(label, kept)


def constant(items: Sequence[Any]) -> Feed:
    """Give each copy of a user one item for all of its requests."""
    kept = _some("constant", items)
    return lambda _world, _label, _number, copy: kept[copy % len(kept)]


def zipf_items(items: Sequence[Any], exponent: float = 1.0) -> Feed:
    """Draw an item for each request by Zipf's law: few items are asked for by most."""
    kept = _some("zipf_items", items)
    return lambda world, label, _number, _copy: kept[zipf(world, label, len(kept), exponent)]


def _some(name: str, items: Sequence[Any]) -> Sequence[Any]:
    if not items:
        raise BadOption(f"{name}: a feed needs at least one item")
    return tuple(items)


class Clients:
    """A pool of clients; a request has one for as long as it lasts, and waits if none is free.

    The wait counts as the request's time: its user feels it.
    """

    def __init__(self, world: World, clients: Sequence[Any], name: str = "clients") -> None:
        if not clients:
            raise BadOption(f"{name}: a pool needs at least one client")
        self.size = len(clients)
        self._world = world
        self._name = name
        self._free = list(clients)
        self._lot: Lot = world.lot(f"{name} to be free")

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[Any]:
        """Lend a client, the one that has been free for longest."""
        self._world.used(self._name, write=True)
        while not self._free:
            await self._lot.park()
            self._world.used(self._name, write=True)
        client = self._free.pop(0)
        try:
            yield client
        finally:
            self._world.used(self._name, write=True)
            self._free.append(client)
            self._lot.wake()
