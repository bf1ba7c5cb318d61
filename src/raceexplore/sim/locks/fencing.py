"""A shared value that can defend itself: fencing tokens, versions, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from raceexplore.sim.latency.quantiles import Latency

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

T = TypeVar("T")


class StaleToken(Exception):
    """The resource has seen a newer fencing token than the one it was given."""


class Register(Generic[T]):
    """One value behind a network: read and written in one event each.

    name: in traces and accesses. value: the first value. latency: of each call; None: a schedule
        point.
    fence: ``write`` refuses a write whose token is older than one that it has seen in a write;
        ``read+write`` also counts the tokens of reads; ``none`` looks at no token.
    version: how often it was written.
    """

    def __init__(
        self,
        world: World,
        name: str,
        value: T,
        *,
        latency: Latency | None = None,
        fence: Literal["none", "write", "read+write"] = "none",
    ) -> None:
        self.world = world
        self.name = name
        self.value = value
        self.latency = latency
        self.fence = fence
        self.version = 0
        self.newest = 0

    async def read(self, token: int = 0) -> T:
        """Return the value. Raises `StaleToken`, where reads are fenced."""
        await self._way("read")
        fenced = self.fence == "read+write"
        self.world.used(self.name, write=fenced)
        if fenced:
            self._check(token)
        value = self.value
        await self.world.checkpoint()
        return value

    async def write(self, value: T, token: int = 0) -> None:
        """Replace the value. Raises `StaleToken`, where writes are fenced."""
        await self._way("write")
        self.world.used(self.name, write=True)
        if self.fence != "none":
            self._check(token)
        self._replace(value)
        await self.world.checkpoint()

    async def read_version(self) -> tuple[T, int]:
        """Return the value and its version, for `compare_and_set`."""
        await self._way("read")
        self.world.used(self.name, write=False)
        found = self.value, self.version
        await self.world.checkpoint()
        return found

    async def compare_and_set(self, value: T, version: int) -> bool:
        """Replace the value if it still has this version; return whether it had."""
        await self._way("compare and set")
        self.world.used(self.name, write=True)
        same = self.version == version
        if same:
            self._replace(value)
        await self.world.checkpoint()
        return same

    async def _way(self, label: str) -> None:
        if self.latency is None:
            await self.world.checkpoint()
        else:
            await self.latency.sleep(self.world, f"{self.name} {label}")

    def _check(self, token: int) -> None:
        if token < self.newest:
            raise StaleToken(f"{self.name}: token {token} is older than {self.newest}")
        self.world.changed(self)
        self.newest = token

    def _replace(self, value: T) -> None:
        self.world.changed(self)
        self.value = value
        self.version += 1
