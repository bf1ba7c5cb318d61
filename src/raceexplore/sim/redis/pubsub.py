"""A subscriber with the methods of redis-py's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from raceexplore.sim.redis.client import Client

Message = dict[str, Any]
Handler = Callable[[Message], Any]


class PubSub:
    """What ``redis.asyncio.client.PubSub`` is: it gets each message at most once, while it listens.

    ignore_subscribe_messages: leave out the confirmations of subscribing.
    """

    def __init__(self, client: Client, *, ignore_subscribe_messages: bool = False) -> None:
        self._client = client
        self._ignores = ignore_subscribe_messages
        self._channels = client.server.channels
        self._inbox = self._channels.inbox()
        self._handlers: dict[bytes, Handler] = {}

    @property
    def subscribed(self) -> bool:
        """Whether it listens to anything."""
        return bool(self._inbox.channels or self._inbox.patterns)

    async def subscribe(self, *names: Any, **handlers: Handler) -> None:
        """Listen to channels; a handler is called with its channel's messages instead."""
        await self._change(b"subscribe", self._inbox.channels, names, handlers)

    async def psubscribe(self, *patterns: Any, **handlers: Handler) -> None:
        """Listen to all channels whose names are like a pattern, as in a shell."""
        await self._change(b"psubscribe", self._inbox.patterns, patterns, handlers)

    async def unsubscribe(self, *names: Any) -> None:
        """Listen to these channels no longer; to none, if none is named."""
        await self._change(b"unsubscribe", self._inbox.channels, names, {})

    async def punsubscribe(self, *patterns: Any) -> None:
        """Listen no longer to channels like these patterns; to none such, if none is named."""
        await self._change(b"punsubscribe", self._inbox.patterns, patterns, {})

    async def get_message(
        self,
        ignore_subscribe_messages: bool = False,  # noqa: FBT001, FBT002 redis-py's
        timeout: float | None = 0.0,  # noqa: ASYNC109 redis-py's
    ) -> Message | None:
        """Return the next message, or None after ``timeout`` seconds (None: wait for ever)."""
        world = self._client.server.world
        if not self._inbox.messages and timeout is None:
            await self._arrival()
        elif not self._inbox.messages and timeout:
            async with world.timeout(timeout):
                await self._arrival()
        else:
            await world.checkpoint()
        return self._next(ignores=ignore_subscribe_messages or self._ignores)

    async def listen(self) -> AsyncIterator[Message]:
        """Yield the messages as they come, for as long as it listens to anything."""
        while self.subscribed:
            message = await self.get_message(timeout=None)
            if message is not None:
                yield message

    async def aclose(self) -> None:
        """Listen to nothing any more."""
        self._channels.touch(write=True)
        self._inbox.channels.clear()
        self._inbox.patterns.clear()

    close = reset = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _arrival(self) -> None:
        world = self._client.server.world
        while not self._inbox.messages:
            world.used(self._inbox.name, write=False)
            await self._inbox.arrived.park()

    def _next(self, *, ignores: bool) -> Message | None:
        self._client.server.world.used(self._inbox.name, write=True)
        if not self._inbox.messages:
            return None
        kind, *rest = self._inbox.messages.popleft()
        decode = self._client.encoder.decode
        pattern = rest[0] if kind == b"pmessage" else None
        channel, data = rest[-2], rest[-1]
        subscription = kind.endswith(b"subscribe")
        message = {
            "type": kind.decode(),
            "pattern": None if pattern is None else decode(pattern),
            "channel": decode(channel),
            "data": int(data) if subscription else decode(data),
        }
        if subscription:
            return None if ignores else message
        handler = self._handlers.get(channel if pattern is None else pattern)
        if handler is None:
            return message
        handler(message)
        return None

    async def _change(
        self,
        kind: bytes,
        listened: dict[bytes, None],
        names: tuple[Any, ...],
        handlers: dict[str, Handler],
    ) -> None:
        client = self._client
        way_s = await client.server.travel(client.node(), f"{client.server.name} {kind.decode()}")
        self._channels.touch(write=True)
        encode = client.encoder.encode
        asked = [encode(name) for name in (*names, *handlers)]
        if not asked and kind.endswith(b"unsubscribe"):
            asked = list(listened)
        self._handlers.update({encode(name): each for name, each in handlers.items()})
        for name in asked:
            if kind.endswith(b"unsubscribe"):
                listened.pop(name, None)
            else:
                listened[name] = None
            count = len(self._inbox.channels) + len(self._inbox.patterns)
            self._channels.put(self._inbox, (kind, name, b"%d" % count))
        await client.server.back(way_s)
