"""A log on a server: what it holds is an await away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from raceexplore.sim.eventlog.log import EventLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from raceexplore.kernel.world import World
    from raceexplore.sim.eventlog.entries import Entry
    from raceexplore.sim.latency.quantiles import Latency

State = TypeVar("State")
Happened = TypeVar("Happened")


class EventStore(Generic[State, Happened]):
    """An `EventLog` behind a network: a schedule point before and after each call.

    latency: of each call, half of it on the way there; None: schedule points only.
    log: what the server has, for invariants and reports; options: see `EventLog`.
    """

    def __init__(
        self,
        world: World,
        reduce: Callable[[State, Happened], State],
        initial: State,
        *,
        latency: Latency | None = None,
        **options: Any,
    ) -> None:
        self.world = world
        self.log = EventLog(reduce, initial, **options)
        self.latency = latency

    async def append(
        self,
        event: Happened,
        *,
        expected_version: int | None = None,
        caused_by: int | Entry | Iterable[int | Entry] = (),
    ) -> Entry:
        """Append ``event``, as `EventLog.append` does, which says what it raises."""
        way_s = await self._there("append")
        try:
            return self.log.append(event, expected_version=expected_version, caused_by=caused_by)
        finally:
            await self.world.sleep(way_s)

    async def load(self) -> tuple[State, int]:
        """Return the state and the version, which belong together."""
        way_s = await self._there("load")
        found = self.log.state, self.log.version
        await self.world.sleep(way_s)
        return found

    async def read(self, after: int = 0) -> tuple[Entry, ...]:
        """Return the entries whose numbers are above ``after``."""
        way_s = await self._there("read")
        found = self.log.entries[after:]
        await self.world.sleep(way_s)
        return found

    async def _there(self, label: str) -> float:
        way_s = 0.0
        if self.latency is not None:
            way_s = self.latency.draw(self.world, f"{self.log.name} {label}") / 2
        await self.world.sleep(way_s)
        return way_s
