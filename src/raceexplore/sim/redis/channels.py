"""Publish and subscribe: each message goes to who listens at that moment, and to nobody else."""

from __future__ import annotations

from collections import deque
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raceexplore.kernel.world import World


class Inbox:
    """What a subscriber has been sent and has not read.

    channels, patterns: what it listens to, in the order of subscribing.
    """

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.channels: dict[bytes, None] = {}
        self.patterns: dict[bytes, None] = {}
        self.messages: deque[tuple[bytes, ...]] = deque()
        self.arrived = world.lot(f"a message of {name}")


class Channels:
    """The subscribers of one Redis."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._inboxes: list[Inbox] = []

    def inbox(self) -> Inbox:
        """Return a new subscriber, who listens to nothing yet."""
        inbox = Inbox(self._world, f"{self._name} subscriber {len(self._inboxes) + 1}")
        self._inboxes.append(inbox)
        return inbox

    def touch(self, *, write: bool) -> None:
        """Note that the running event depends on who listens, or changes it."""
        self._world.used(f"{self._name} subscribers", write=write)

    def publish(self, channel: bytes, data: bytes) -> int:
        """Put a message into each inbox that listens, and return into how many."""
        self.touch(write=False)
        count = 0
        for inbox in self._inboxes:
            sent: list[tuple[bytes, ...]] = []
            if channel in inbox.channels:
                sent.append((b"message", channel, data))
            sent += [
                (b"pmessage", each, channel, data)
                for each in inbox.patterns
                if _fits(channel, each)
            ]
            for message in sent:
                self.put(inbox, message)
            count += len(sent)
        return count

    def put(self, inbox: Inbox, message: tuple[bytes, ...]) -> None:
        """Put one message into an inbox."""
        self._world.used(inbox.name, write=True)
        inbox.messages.append(message)
        inbox.arrived.wake()


def _fits(channel: bytes, pattern: bytes) -> bool:
    return fnmatchcase(channel.decode("latin-1"), pattern.decode("latin-1").replace("[^", "[!"))
