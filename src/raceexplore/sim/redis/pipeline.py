"""Pipelines: several commands in one trip, and transactions with watched keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import redis

from raceexplore.sim.hosts.wire import Span, span
from raceexplore.sim.redis.client import Client
from raceexplore.sim.redis.engine import EXEC, MULTI, UNWATCH, Answer

if TYPE_CHECKING:
    from raceexplore.sim.redis.node import Node

Queued = tuple[tuple[Any, ...], dict[str, Any]]


class Pipeline(Client):
    """What ``redis.asyncio.client.Pipeline`` is: commands are queued until `execute`.

    A transaction runs as one event. Without one, each command is an event of its own, and those of
    others may come in between; all share one trip. After `watch`, commands are done at once, until
    `multi`. It has a connection of its own.
    """

    def __init__(self, client: Client, *, transaction: bool) -> None:
        decode = client.encoder.decodes
        super().__init__(
            client.server,
            decode_responses=decode,
            db=client.db,
            socket_timeout=client.socket_timeout,
            node=client._node,  # noqa: SLF001 its own class
        )
        self.transaction_wanted = transaction
        self.watching: tuple[bytes, ...] = ()
        self.explicit_transaction = False
        self.command_stack: list[Queued] = []

    def __len__(self) -> int:
        self.server.world.changed(self)
        return len(self.command_stack)

    def __bool__(self) -> bool:
        return True

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Queue a command and return the pipeline; after `watch`, return what to await for it."""
        self.server.world.changed(self)
        if (self.watching or args[0] == "WATCH") and not self.explicit_transaction:
            return super().execute_command(*args, **options)
        self.command_stack.append((args, options))
        return self

    def multi(self) -> None:
        """Queue commands again, after `watch`. Raises `redis.RedisError` if some are queued."""
        self.server.world.changed(self)
        if self.explicit_transaction:
            raise redis.RedisError("Cannot issue nested calls to MULTI")
        if self.command_stack:
            raise redis.RedisError("Commands without an initial WATCH have already been issued")
        self.explicit_transaction = True

    async def watch(self, *names: Any) -> bool:
        """Watch keys: `execute` raises `redis.WatchError` if one has changed by then."""
        if self.explicit_transaction:
            raise redis.RedisError("Cannot issue a WATCH after a MULTI")
        answer = await Client.execute_command(self, "WATCH", *names)
        self.server.world.changed(self)
        self.watching += tuple(self.encoder.encode(name) for name in names)
        return bool(answer)

    async def unwatch(self) -> bool:
        """Forget the watched keys."""
        self.server.world.changed(self)
        if not self.watching:
            return True
        self.watching = ()
        return bool(await Client.execute_command(self, "UNWATCH"))

    async def discard(self) -> None:
        """Forget what is queued."""
        await self.reset()

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 redis-py's
        """Do the queued commands and return their answers.

        Raises the first error among them unless told otherwise, and `redis.WatchError`.
        """
        self.server.world.changed(self)
        queued = list(self.command_stack)  # a task that shares the pipeline may add more
        if not queued and not self.watching:
            return []
        node = self.node()
        fields = [self.fields(args) for args, _ in queued]
        try:
            whole = self.transaction_wanted or self.explicit_transaction
            trip = self._as_one(node, fields) if whole else self._one_by_one(node, fields)
            answers = await self.within_timeout(trip)
        finally:
            await self.reset()
        return self._all_shaped(queued, answers, raise_on_error=raise_on_error)

    async def reset(self) -> None:
        """Forget what is queued and watched."""
        self.server.world.changed(self)
        self.command_stack = []
        self.explicit_transaction = False
        if self.watching:
            self.watching = ()
            self.connection(self.node()).run(UNWATCH)

    async def __aexit__(self, *_: object) -> None:
        await self.reset()

    async def _as_one(self, node: Node, commands: Sequence[list[bytes]]) -> Answer:
        with span(self.server.world, self.server.name, lambda: "EXEC") as call:
            return await self._within(call, node, commands)

    async def _within(self, trip: Span, node: Node, commands: Sequence[list[bytes]]) -> Answer:
        await self.server.reach(trip, sum(len(field) for fields in commands for field in fields))
        way_s = await self.server.travel(node, f"{self.server.name} EXEC")
        connection = self.connection(node)
        for key in self.watching:
            node.touch((b"EXISTS", key))
        if connection.is_changed():
            connection.run(UNWATCH)
            commands, changed = (), True
        else:
            changed = False
        refused = [connection.run(MULTI)]
        refused += [connection.run(fields) for fields in commands]
        answers = connection.run(EXEC)
        if isinstance(answers, list):
            for fields in commands:
                node.tell(fields)
            for call in connection.scripted():
                node.tell(call)
        trip.done()
        await self.server.back(way_s)
        await trip.back()
        for number, each in enumerate(refused):
            if isinstance(each, Exception):
                spelled = [field.decode("utf-8", "replace") for field in commands[number - 1]]
                raise _of_pipeline(each, number, spelled)
        if answers is None or changed:
            raise redis.WatchError("Watched variable changed.")
        if isinstance(answers, Exception):
            raise answers
        return answers

    async def _one_by_one(self, node: Node, commands: Sequence[list[bytes]]) -> Answer:
        connection, answers = self.connection(node), []
        with span(self.server.world, self.server.name, lambda: "pipeline") as call:
            await self.server.reach(call, sum(len(f) for fields in commands for f in fields))
            way_s = await self.server.travel(node, f"{self.server.name} pipeline")
            for number, fields in enumerate(commands):
                if number:
                    await self.server.world.checkpoint()
                answers.append(node.run(connection, fields))
            call.done()
            await self.server.back(way_s)
            await call.back()
        return answers

    def _all_shaped(
        self, queued: Sequence[Queued], answers: Sequence[Answer], *, raise_on_error: bool
    ) -> list[Any]:
        shaped = []
        for number, ((args, options), answer) in enumerate(zip(queued, answers, strict=True), 1):
            if not isinstance(answer, Exception):
                shaped.append(self.shaped(args[0], answer, options))
            elif raise_on_error:
                raise _of_pipeline(answer, number, args)
            else:
                shaped.append(answer)
        return shaped


def _of_pipeline(error: Exception, number: int, args: Sequence[Any]) -> Exception:
    """Return an error with the words that redis-py puts before it: which command it was."""
    words = " ".join(map(str, args))
    return type(error)(f"Command # {number} ({words}) of pipeline caused error: {error.args}")
