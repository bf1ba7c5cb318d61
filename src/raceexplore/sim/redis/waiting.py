"""Clients that wait for an element: BLPOP and its kin, served in the order in which they came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from raceexplore.sim.redis.engine import Answer, Connection

if TYPE_CHECKING:
    from raceexplore.kernel.runtime import Waiter
    from raceexplore.sim.redis.node import Node

BLOCKING = frozenset(b"BLPOP BRPOP BLMOVE BRPOPLPUSH BZPOPMIN BZPOPMAX".split())
MOVES = frozenset((b"BLMOVE", b"BRPOPLPUSH"))
GONE = object()  # what a client is woken with whose server has gone down


class Waiting:
    """The blocked clients of one node, the longest waiting first."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._asked: dict[Waiter, tuple[Connection, Sequence[bytes]]] = {}
        self._serving = False

    async def take(self, connection: Connection, fields: Sequence[bytes]) -> Answer:
        """Return what a blocking command gets: at once, or when somebody adds it.

        None: its time-out came first. `GONE`: the server went down.
        """
        answer = connection.attempt(fields)
        self._node.tell(fields)
        if answer is not None:
            return answer
        limit_s = float(fields[-1])
        if not limit_s:
            return await self._park(connection, fields)
        async with self._node.world.timeout(limit_s):
            return await self._park(connection, fields)
        return None

    async def _park(self, connection: Connection, fields: Sequence[bytes]) -> Answer:
        waiter = self._node.world.waiter(self._forget)
        waiter.what = f"{self._node.name}: {b' '.join(fields[:-1]).decode(errors='replace')}"
        self._asked[waiter] = connection, fields
        return await waiter.wait()

    def _forget(self, waiter: Waiter) -> None:
        left = self._asked.pop(waiter, None)
        if left is not None:
            self._node.touch(left[1])  # who comes next depends on who waits

    def serve(self) -> None:
        """Give those who wait what there is now; an element goes to who has waited longest."""
        if self._serving or not self._asked:
            return
        self._serving = True  # what a served client moves to another list may serve the next
        try:
            served = True
            while served:
                served = any(self._served(waiter) for waiter in list(self._asked))
        finally:
            self._serving = False

    def _served(self, waiter: Waiter) -> bool:
        connection, fields = self._asked[waiter]
        answer = connection.attempt(fields)
        if isinstance(answer, Exception):
            answer = _among_others(connection, fields, answer)
        if answer is None:
            return False
        del self._asked[waiter]
        self._node.tell(fields)
        waiter.wake(answer)
        return True

    def drop(self) -> None:
        """Let all go: the server is gone."""
        waiters, self._asked = list(self._asked), {}
        for waiter in waiters:
            waiter.wake(GONE)


def _among_others(connection: Connection, fields: Sequence[bytes], error: Exception) -> Answer:
    """Return what a client gets who waits for keys of which one has become of another kind.

    Such a key is nothing that has come: the client goes on waiting for it, and may get another. To
    what it wants to move an element to, it gets the error once there is an element.
    """
    command, *keys, limit = fields
    if command in MOVES:
        is_there = connection.run((b"TYPE", keys[0])) == b"list"
        return error if is_there else None
    answers = (connection.attempt((command, key, limit)) for key in keys)
    return next((a for a in answers if a is not None and not isinstance(a, Exception)), None)
