"""A network: messages between hosts may come late, twice, in another order, or never."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from raceexplore.sim.hosts import Host
from raceexplore.sim.hosts.wire import announce, wire_of
from raceexplore.sim.latency.composed import Weighted
from raceexplore.sim.latency.quantiles import Latency, require
from raceexplore.sim.network.links import Links, Way
from raceexplore.sim.network.stream import Stream, pair

if TYPE_CHECKING:
    from raceexplore.kernel.lot import Lot
    from raceexplore.kernel.world import World

ONCE, LOST, TWICE = range(3)


class Piece:
    """A message under way; ``due``: its latency has passed."""

    def __init__(self, deliver: Callable[[], None]) -> None:
        self.deliver = deliver
        self.due = False


class Inbox:
    """The messages that one port of one host has been sent and has not received."""

    def __init__(self, lot: Lot) -> None:
        self.messages: deque[tuple[str, Any]] = deque()
        self.arrived = lot


class Network:
    """The ways between hosts, which are named when they are first used.

    latency: of each message on its way; None: a schedule point. Messages overtake each other as
        their latencies and the schedule have it, unless ``in_order``.
    loss, duplicates: the probability that a message is lost, or comes twice. None lets the explorer
        place it; 0 means never.
    in_order: messages of one way arrive as they were sent, as on one TCP connection.
    Raises `ValueError` for probabilities outside of [0, 1].
    """

    def __init__(
        self,
        world: World,
        name: str = "network",
        *,
        latency: Latency | None = None,
        loss: float | None = 0.0,
        duplicates: float | None = 0.0,
        in_order: bool = False,
    ) -> None:
        for share in (loss or 0.0, duplicates or 0.0):
            require(0 <= share <= 1, f"{name}: a probability is from 0 to 1, not {share}")
        self.world = world
        self.name = name
        self.latency = latency
        self.in_order = in_order
        self.links = Links(world, name)
        self._fates = _fates(loss, duplicates)
        self._inboxes: dict[tuple[str, str], Inbox] = {}
        self._queues: dict[Way, deque[Piece]] = {}
        announce(world, self)

    def send(self, source: Host, target: Host, message: object, *, port: str = "") -> None:
        """Send ``message``; whether and when it arrives is the network's business.

        port: of the target, who receives by it. Nothing waits: a datagram, not a call.
        """
        way = (source.name, target.name)
        if not self.links.is_open(way):
            self.world.event(f"{self.name}: lost, {way[0]} cannot reach {way[1]}")
            return
        label = f"{self.name} {way[0]} to {way[1]}"
        fate = self.world.pick(f"{label} fate", self._fates, kind="fault") if self._fates else ONCE
        if fate == LOST:
            self.world.event(f"{self.name}: loses a message from {way[0]} to {way[1]}")
            return
        copies, delay_s = 2 if fate == TWICE else 1, 0.0
        if wire_of(self.world).on:
            more, delay_s = wire_of(self.world).datagrams(source, target.name)
            copies *= more
        for _ in range(copies):
            piece = Piece(lambda: self._deliver(way, target, port, message))
            if self.in_order:
                self._queues.setdefault(way, deque()).append(piece)
            self.world.spawn(self._carry, way, piece, delay_s, name=f"{label} {port}".strip())

    async def receive(self, host: Host, *, port: str = "") -> tuple[str, Any]:
        """Wait for the next message to this port of ``host``; return who sent it, and the message.

        Messages that come while the host is down are lost.
        """
        inbox = self._inbox(host.name, port)
        while not inbox.messages:
            self.world.used(self.name, f"[{host.name}:{port}]", write=False)
            await inbox.arrived.park()
        self.world.used(self.name, f"[{host.name}:{port}]", write=True)
        return inbox.messages.popleft()

    def streams(self, one: Host, other: Host) -> tuple[Stream, Stream]:
        """Return the two ends of a connection between two hosts: bytes, in order, none lost.

        A partition keeps what is sent until it is healed, as TCP sends it again.
        """
        ends = pair(self.world, self.links, (one.name, other.name), self.latency)
        for host in (one, other):
            host.at_crash(ends[0].break_off)
        return ends

    def partition(
        self, some: Iterable[Host], others: Iterable[Host], *, one_way: bool = False
    ) -> None:
        """Lose what the two groups send each other; ``one_way``: only what ``some`` send."""
        self.links.close(_ways(some, others, one_way=one_way))

    def heal(self, some: Iterable[Host], others: Iterable[Host]) -> None:
        """End a partition between ``some`` and ``others``."""
        self.links.open(_ways(some, others, one_way=False))

    def hold(self, some: Iterable[Host], others: Iterable[Host], *, one_way: bool = True) -> None:
        """Keep what arrives from ``some`` at ``others`` until `release`."""
        self.links.hold(_ways(some, others, one_way=one_way))

    def release(self, some: Iterable[Host], others: Iterable[Host]) -> None:
        """Deliver what was held between ``some`` and ``others``."""
        self.links.release(_ways(some, others, one_way=False))

    async def _carry(self, way: Way, piece: Piece, delay_s: float) -> None:
        if delay_s:
            await self.world.sleep(delay_s)
        if self.latency is None:
            await self.world.checkpoint()
        else:
            await self.latency.sleep(self.world, self.name)
        if not self.in_order:
            self.links.carry(way, piece.deliver)
            return
        self.world.used(self.name, f"[{way[0]} to {way[1]} order]", write=True)
        piece.due = True
        queue = self._queues[way]
        while queue and queue[0].due:  # what has overtaken others waits for them
            self.links.carry(way, queue.popleft().deliver)

    def _deliver(self, way: Way, target: Host, port: str, message: object) -> None:
        if not target.up:
            self.world.event(f"{self.name}: {target.name} is down, a message to it is lost")
            return
        inbox = self._inbox(target.name, port)
        self.world.used(self.name, f"[{target.name}:{port}]", write=True)
        inbox.messages.append((way[0], message))
        inbox.arrived.wake()

    def _inbox(self, host: str, port: str) -> Inbox:
        found = self._inboxes.get((host, port))
        if found is None:
            lot = self.world.lot(f"a message to {host}{port and ':' + port}")
            found = self._inboxes[host, port] = Inbox(lot)
        return found


def _fates(loss: float | None, duplicates: float | None) -> Weighted | tuple[int, ...] | None:
    """Return what can become of a message, the quiet one first; None: nothing can."""
    if loss is None or duplicates is None:
        placed = [ONCE]
        placed += [LOST] if loss != 0 else []
        return tuple(placed + ([TWICE] if duplicates != 0 else []))
    if not loss and not duplicates:
        return None
    return Weighted((max(1 - loss - duplicates, 0.0), loss, duplicates))


def _ways(some: Iterable[Host], others: Iterable[Host], *, one_way: bool) -> list[Way]:
    there = [(a.name, b.name) for a in some for b in others]
    return there if one_way else [*there, *((b, a) for a, b in there)]
