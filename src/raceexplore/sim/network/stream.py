"""A connection: two ends, bytes in order, and each end may be closed or broken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Self

from raceexplore.sim.latency.quantiles import Latency
from raceexplore.sim.network.links import Links, Way

if TYPE_CHECKING:
    from raceexplore.kernel.world import World


class Broken(Exception):
    """The other end of a connection is gone."""


class Stream:
    """One end of a connection, with the methods of ``trio.abc.Stream``.

    What is sent arrives in pieces that the schedule may cut anywhere `receive_some` is asked for
    fewer bytes; a partition delays it.
    """

    def __init__(self, world: World, links: Links, way: Way, latency: Latency | None) -> None:
        self._world = world
        self._links = links
        self._way = way
        self._latency = latency
        self._name = f"{way[0]} to {way[1]} connection"
        self._received = bytearray()
        self._ended = False
        self._closed = False
        self._broken = False
        self._arrived = world.lot(f"bytes from {way[1]} at {way[0]}")
        self._outgoing: list[bytes | None] = []
        self._sending = False
        self._peer: Stream | None = None

    def connect(self, peer: Stream) -> None:
        """Make ``peer`` the other end."""
        self._peer = peer

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data``. Raises `Broken` if either end is closed."""
        await self.wait_send_all_might_not_block()
        self._send(bytes(data))

    async def wait_send_all_might_not_block(self) -> None:
        """Pass a schedule point: there is always room. Raises `Broken` if an end is closed."""
        await self._world.checkpoint()
        if self._closed or self._broken:
            raise Broken(f"{self._name} is closed")

    async def send_eof(self) -> None:
        """Send nothing more; the other end may still send."""
        await self._world.checkpoint()
        self._send(None)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Wait for bytes and return at most ``max_bytes``; none once the other end has ended."""
        await self._world.checkpoint()
        while not self._received and not self._ended:
            if self._closed or self._broken:
                raise Broken(f"{self._name} is closed")
            self._world.used(self._name, write=False)
            await self._arrived.park()
        self._world.used(self._name, write=True)
        size = len(self._received) if max_bytes is None else max_bytes
        taken, self._received = bytes(self._received[:size]), self._received[size:]
        return taken

    async def aclose(self) -> None:
        """Close this end; the other one finds it broken once it has read what was sent."""
        if not self._closed:
            self._closed = True
            self._send(None)
        await self._world.checkpoint()

    def break_off(self) -> None:
        """Break the connection at once, as a reset does: what is under way is lost."""
        for end in (self, self._peer):
            if end is not None:
                self._world.used(end._name, write=True)  # noqa: SLF001 its own class
                end._broken = True  # noqa: SLF001 the same
                end._arrived.wake(len(end._arrived))  # noqa: SLF001 the same

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while part := await self.receive_some():
            yield part

    def _send(self, data: bytes | None) -> None:
        self._world.used(f"{self._name} (sending)", write=True)
        self._outgoing.append(data)
        if not self._sending:
            self._sending = True
            self._world.spawn(self._carry, name=f"{self._name} way")

    async def _carry(self) -> None:
        """Bring what is sent to the other end, in order, one piece after the other."""
        while self._outgoing:
            data = self._outgoing[0]
            if self._latency is None:
                await self._world.checkpoint()
            else:
                await self._latency.sleep(self._world, self._name)
            self._world.used(f"{self._name} (sending)", write=True)
            self._outgoing.pop(0)
            peer = self._peer
            assert peer is not None
            self._links.carry_surely(self._way, lambda data=data, peer=peer: peer._arrive(data))  # type: ignore[misc] # noqa: SLF001
        self._sending = False

    def _arrive(self, data: bytes | None) -> None:
        self._world.used(self._name, write=True)
        if data is None:
            self._ended = True
        else:
            self._received += data
        self._arrived.wake(len(self._arrived))


def pair(world: World, links: Links, way: Way, latency: Latency | None) -> tuple[Stream, Stream]:
    """Return the two ends of a connection along ``way`` and back."""
    one = Stream(world, links, way, latency)
    other = Stream(world, links, (way[1], way[0]), latency)
    one.connect(other)
    other.connect(one)
    return one, other
