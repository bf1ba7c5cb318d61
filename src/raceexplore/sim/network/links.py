"""Which ways between hosts are open: partitions in one or both directions, and held ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

Way = tuple[str, str]  # from a host to a host, by name


class Links:
    """The ways of one network.

    A closed way loses what is sent on it; a held one keeps it, in order, until it is released.
    """

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._closed: set[Way] = set()
        self._held: dict[Way, list[Callable[[], None]]] = {}
        self._resent: dict[Way, list[Callable[[], None]]] = {}

    def is_open(self, way: Way) -> bool:
        """Return whether what is sent on ``way`` now can arrive."""
        self._touch(way, write=False)
        return way not in self._closed

    def close(self, ways: Iterable[Way]) -> None:
        """Lose what is sent on ``ways`` from now on."""
        for way in ways:
            self._touch(way, write=True)
            self._closed.add(way)

    def open(self, ways: Iterable[Way]) -> None:
        """Let ``ways`` carry again."""
        for way in ways:
            self._touch(way, write=True)
            self._closed.discard(way)
            for deliver in self._resent.pop(way, []):
                deliver()

    def hold(self, ways: Iterable[Way]) -> None:
        """Keep what arrives by ``ways`` from now on, until `release`."""
        for way in ways:
            self._touch(way, write=True)
            self._held.setdefault(way, [])

    def release(self, ways: Iterable[Way]) -> None:
        """Deliver what ``ways`` have kept, in the order in which it came."""
        for way in ways:
            self._touch(way, write=True)
            for deliver in self._held.pop(way, []):
                deliver()

    def carry(self, way: Way, deliver: Callable[[], None]) -> None:
        """Deliver what has come by ``way``, or keep it if the way is held."""
        self._touch(way, write=way in self._held)
        held = self._held.get(way)
        if held is None:
            deliver()
        else:
            held.append(deliver)

    def carry_surely(self, way: Way, deliver: Callable[[], None]) -> None:
        """Do as `carry`; what a closed way would lose is sent again once it is open."""
        if way in self._closed:
            self._touch(way, write=True)
            self._resent.setdefault(way, []).append(deliver)
        else:
            self.carry(way, deliver)

    def _touch(self, way: Way, *, write: bool) -> None:
        self._world.used(self._name, f"[{way[0]} to {way[1]}]", write=write)
