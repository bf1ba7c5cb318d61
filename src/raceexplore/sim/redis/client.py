"""redis-py's async client, speaking to a simulated server; under any async runtime."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import redis
from redis.commands import AsyncCoreCommands

from raceexplore.sim.redis.encoding import Encoding
from raceexplore.sim.redis.engine import Answer, Connection
from raceexplore.sim.redis.node import Node

if TYPE_CHECKING:
    from raceexplore.sim.locks.store import StoreLock
    from raceexplore.sim.redis.pipeline import Pipeline
    from raceexplore.sim.redis.pubsub import PubSub
    from raceexplore.sim.redis.server import Redis

_Commands: Any = AsyncCoreCommands  # a mixin whose types fit neither sync nor async clients
OWN = ("EMPTY_RESPONSE", "NEVER_DECODE", "keys")  # options of redis-py's own, not of a callback


class Client(_Commands):  # type: ignore[misc] # see above
    """What ``redis.asyncio.Redis`` is to a real server.

    Each command is a schedule point, the command as one event, and a schedule point; its answer is
    shaped by redis-py's own callbacks (RESP2 shapes, its default).
    server: what it speaks to. decode_responses: answers are text. db: the database. socket_timeout:
    seconds until a command raises `redis.TimeoutError`. node: None: who is master at the time.
    """

    def __init__(
        self,
        server: Redis,
        *,
        decode_responses: bool = False,
        db: int = 0,
        socket_timeout: float | None = None,
        node: Node | None = None,
    ) -> None:
        self.server = server
        self.db = db
        self.socket_timeout = socket_timeout
        self.encoder = Encoding(decodes=decode_responses)
        self._node = node
        self._connections: dict[Node, Connection] = {}

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Do one command and return its answer. Raises what redis-py raises."""
        node = self.node()
        fields = self.fields(args)
        if fields[0] == b"WAIT":
            return await self.server.acknowledged(node, int(fields[1]), int(fields[2]) / 1000)
        answer = await self.within_timeout(self.server.command(node, self.connection(node), fields))
        return self.shaped(args[0], answer, options)

    def node(self) -> Node:
        """Return the node that the client speaks to now."""
        if self._node is not None:
            return self._node
        self.server.world.used(f"{self.server.name} master", write=False)
        return self.server.master

    def connection(self, node: Node) -> Connection:
        """Return the client's own connection to ``node``."""
        found = self._connections.get(node)
        if found is None:
            found = self._connections[node] = node.engine.connection(self.db)
        return found

    async def within_timeout(self, command: Awaitable[Answer]) -> Answer:
        """Wait for ``command``, but not beyond the time-out. Raises `redis.TimeoutError`."""
        if self.socket_timeout is None:
            return await command
        async with self.server.world.timeout(self.socket_timeout):
            return await command
        raise redis.TimeoutError(f"Timeout reading from {self.server.name}:6379")

    def fields(self, args: Sequence[Any]) -> list[bytes]:
        """Return a command's fields as bytes; ``CONFIG GET`` is two. Raises `redis.DataError`."""
        encode = self.encoder.encode
        name, *rest = args
        return [*name.upper().encode().split(), *map(encode, rest)]

    def shaped(self, name: str, answer: Answer, options: dict[str, Any]) -> Any:
        """Return an answer in redis-py's shape. Raises it, if it is an error."""
        if isinstance(answer, Exception):
            if "EMPTY_RESPONSE" in options and isinstance(answer, redis.ResponseError):
                return options["EMPTY_RESPONSE"]
            raise answer
        if "NEVER_DECODE" not in options:
            answer = self.decoded(answer)
        callback = callbacks().get(name)
        if callback is None:
            return answer
        return _ordered(callback(answer, **{k: v for k, v in options.items() if k not in OWN}))

    def decoded(self, answer: Answer) -> Any:
        """Return an answer with its bytes decoded, if the client was made so."""
        if isinstance(answer, bytes):
            return self.encoder.decode(answer)
        return [self.decoded(each) for each in answer] if isinstance(answer, list) else answer

    def get_encoder(self) -> Encoding:
        """Return what turns arguments into bytes."""
        return self.encoder

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002 redis-py's signature
        """Return a pipeline; a transaction (MULTI, EXEC) unless told otherwise."""
        from raceexplore.sim.redis.pipeline import Pipeline

        return Pipeline(self, transaction=transaction)

    async def transaction(
        self,
        func: Callable[[Pipeline], Any],
        *watches: Any,
        shard_hint: str | None = None,
        value_from_callable: bool = False,
        watch_delay: float | None = None,
    ) -> Any:
        """Call ``func`` with a pipeline that watches, until no watched key has changed."""
        while True:
            try:
                value, answers = await self._attempt(func, watches)
            except redis.WatchError:
                await self.server.world.sleep(watch_delay or 0.0)
            else:
                return value if value_from_callable else answers

    async def _attempt(
        self, func: Callable[[Pipeline], Any], watches: Sequence[Any]
    ) -> tuple[Any, list[Any]]:
        """Call ``func`` with a pipeline that watches; return its value and the answers."""
        async with self.pipeline() as pipe:
            if watches:
                await pipe.watch(*watches)
            value = func(pipe)
            if isinstance(value, Awaitable):
                value = await value
            return value, await pipe.execute()

    def pubsub(self, **options: Any) -> PubSub:
        """Return a subscriber."""
        from raceexplore.sim.redis.pubsub import PubSub

        return PubSub(self, **options)

    def lock(self, name: str, timeout: float | None = None, **options: Any) -> StoreLock:
        """Return a lock of this name, with the methods of ``redis.asyncio.lock.Lock``."""
        from raceexplore.sim.locks.store import StoreLock

        return StoreLock(self, name, timeout, **options)

    def __await__(self) -> Any:
        return self.initialize().__await__()

    async def initialize(self) -> Self:
        """Return the client; there is nothing to connect."""
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: FBT001 redis-py's signature
        """Let the connections go."""
        self._connections.clear()

    close = aclose


class _Ordered(set[Any]):
    """A set of answers that is iterated in their order, whatever their hashes are."""

    def __iter__(self) -> Any:
        return iter(sorted(super().__iter__()))

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self))}}}" if self else "set()"


def _ordered(value: Any) -> Any:
    return _Ordered(value) if type(value) is set else value


@lru_cache(maxsize=1)
def callbacks() -> Any:
    """Return what shapes answers: redis-py's own, as its clients have them by default."""
    return redis.Redis(protocol=2).response_callbacks
