"""A Redis: a master, its replicas, and what can happen to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from raceexplore.sim.hosts.wire import Span, Unreachable, span
from raceexplore.sim.latency.quantiles import Latency, require
from raceexplore.sim.redis.channels import Channels
from raceexplore.sim.redis.engine import Answer, Connection
from raceexplore.sim.redis.node import Node, Sync
from raceexplore.sim.redis.replication import Replica
from raceexplore.sim.redis.waiting import BLOCKING, GONE
from raceexplore.sim.unmodelled import library

if TYPE_CHECKING:
    from raceexplore.kernel.world import World
    from raceexplore.sim.redis.client import Client

UNBLOCKED = "UNBLOCKED force unblock from blocking operation, instance state changed"


class Redis:
    """A simulated Redis server, or one master with replicas.

    world: of this run. name: in traces, labels and reports.
    latency: of each command, half of it on the way there and half on the way back.
    replicas: how many nodes follow the master, each with a ``lag``: what passes between a write and
        the replica's having it (None: no time, but other tasks may come in between).
    fsync: when a write survives a crash (``appendfsync``): ``always``, ``everysec`` or ``no``.
    Raises `MissingExtra` without redis and fakeredis, and `ValueError` for a negative number.
    """

    def __init__(
        self,
        world: World,
        name: str = "redis",
        *,
        latency: Latency | None = None,
        replicas: int = 0,
        lag: Latency | None = None,
        fsync: Sync = "always",
    ) -> None:
        require(replicas >= 0, f"Redis: replicas must be 0 or more, not {replicas}")
        library("redis")
        self.world = world
        self.name = name
        self.latency = latency
        self.lag = lag
        self.master = Node(world, name, fsync)
        self.master.logs |= replicas > 0
        self.channels = Channels(world, name)
        self.acknowledgements = world.lot(f"{name} acknowledgement")
        nodes = [
            Node(world, f"{name}-replica-{number}", fsync) for number in range(1, replicas + 1)
        ]
        self.replicas = [self._following(node) for node in nodes]

    def client(self, **options: Any) -> Client:
        """Return a client with redis-py's async methods.

        options: ``decode_responses`` (answers are text), ``db``, ``socket_timeout`` (seconds), and
        ``node``: one that it always speaks to; if there is none, to who is master at the time.
        """
        from raceexplore.sim.redis.client import Client

        return Client(self, **options)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The master, then the replicas."""
        return self.master, *(replica.node for replica in self.replicas)

    def failover(self, to: int = 0) -> Node:
        """Make replica ``to`` the master, as it is now, and return the node that was.

        Writes that it does not have are lost, though they were acknowledged. The other replicas
        follow the new master, and so does the old one, which gives up its data.
        Raises `ValueError` if there is no such replica.
        """
        held = 0 <= to < len(self.replicas)
        require(held, f"{self.name}: no replica {to}; there are {len(self.replicas)}")
        old, promoted = self.master, self.replicas[to]
        for replica in self.replicas:
            replica.stop()
        others = [replica.node for replica in self.replicas if replica is not promoted]
        self.world.event(f"{self.name}: failover", master=promoted.node.name)
        self.world.used(f"{self.name} master", write=True)
        self.master = promoted.node
        self.master.follows, self.master.logs = False, True
        if old.up:
            others.append(old)
        for node in others:
            node.copy_from(self.master)
        self.replicas = [self._following(node) for node in others]
        self.acknowledgements.wake(len(self.acknowledgements))
        return old

    def _following(self, node: Node) -> Replica:
        return Replica(node, self.master, self.lag, self.acknowledgements)

    async def acknowledged(self, node: Node, count: int, limit_s: float) -> int:
        """Wait until ``count`` replicas have all writes of the master so far: WAIT.

        limit_s: seconds; 0 waits for ever. Returns how many have them. Raises
        `redis.ResponseError` if ``node`` is the master no more.
        """
        goal = len(node.log)
        if not limit_s:
            await self._enough(node, goal, count)
        else:
            async with self.world.timeout(limit_s):
                await self._enough(node, goal, count)
        return self._having(goal)

    async def _enough(self, node: Node, goal: int, count: int) -> None:
        while True:
            self.world.used(f"{self.name} master", write=False)
            if node is not self.master:
                raise library("redis").ResponseError(UNBLOCKED)
            if self._having(goal) >= count:
                return
            what = f"{count} replicas of {node.name} to have its writes"
            await self.acknowledgements.park(what)

    def _having(self, goal: int) -> int:
        return sum(replica.applied >= goal for replica in self.replicas)

    async def command(self, node: Node, connection: Connection, fields: Sequence[bytes]) -> Answer:
        """Do one command: there, as one event, and back. An error of Redis' is returned."""
        label = f"{self.name} {fields[0].decode(errors='replace')}"
        with span(self.world, self.name, lambda: worded(fields)) as call:
            await self.reach(call, sum(map(len, fields)))
            way_s = await self.travel(node, label)
            if fields[0] in BLOCKING:
                answer = await node.waiting.take(connection, fields)
            elif fields[0] == b"PUBLISH" and len(fields) == 3:
                answer = self.channels.publish(fields[1], fields[2])
            else:
                answer = node.run(connection, fields)
            if answer is GONE:
                raise library("redis").ConnectionError("Connection closed by server.")
            call.done()
            await self.back(way_s)
            await call.back()
        return answer

    async def reach(self, call: Span, size: int) -> None:
        """Get past what chaos has put in the way. Raises `redis.ConnectionError`."""
        try:
            await call.cross(size)
        except Unreachable:
            unknown = (
                f"Error -3 connecting to {self.name}:6379. Temporary failure in name resolution."
            )
            raise library("redis").ConnectionError(unknown) from None

    async def travel(self, node: Node, label: str) -> float:
        """Let a request reach the node; return the seconds that its answer takes back.

        Raises `redis.ConnectionError` if the node is down.
        """
        way_s = 0.0 if self.latency is None else self.latency.draw(self.world, label) / 2
        await self.world.sleep(way_s)
        self.world.used(f"{node.name} process", write=False)
        while node.paused:
            await node.resumed.park(f"{node.name}, which is paused")
        if not node.up:
            refused = f"Error 111 connecting to {node.name}:6379. Connection refused."
            raise library("redis").ConnectionError(refused)
        return way_s

    async def back(self, way_s: float) -> None:
        """Let an answer reach the client."""
        await self.world.sleep(way_s)


def worded(fields: Sequence[bytes]) -> str:
    """Return a command and its first argument, as they are typed."""
    return " ".join(field.decode(errors="replace") for field in fields[:2])
