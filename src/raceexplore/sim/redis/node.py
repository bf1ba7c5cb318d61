"""One Redis process: its data, its clock, its log of writes, and whether it can be reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Literal

from raceexplore.sim.in_use import in_use
from raceexplore.sim.redis.engine import Answer, Connection, Engine
from raceexplore.sim.redis.keys import keys_of, touch_of
from raceexplore.sim.redis.waiting import Waiting
from raceexplore.sim.unmodelled import library

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

Copy = tuple[bytes, bytes] | None
Sync = Literal["always", "everysec", "no"]
EVERYSEC_S = 1.0  # between two fsyncs of appendfsync everysec


class Node:
    """A process and its data.

    name: in traces, accesses and reports.
    clock_s: seconds that its clock is ahead of the world's; expiry follows it.
    fsync: when a write is safe from a crash: ``always``, ``everysec`` (each whole second), ``no``.
    up: it answers. paused: it takes requests and answers none until it is resumed.
    follows: it is a replica, and refuses writes.
    logs: it keeps a log of its writes, for replicas, or for a disk that lags behind.
    """

    def __init__(self, world: World, name: str, fsync: Sync = "always") -> None:
        self.world = world
        self.name = name
        self.fsync = fsync
        self.clock_s = 0.0
        self.up = True
        self.paused = False
        self.follows = False
        self.logs = fsync != "always"
        on = in_use.redis
        real = None if on is None else on.engine(world, lambda: world.now() + self.clock_s)
        self.engine = Engine(self._shift, real)
        self.log: list[tuple[bytes, Copy]] = []
        self.written = world.lot(f"{name} writes")
        self.resumed = world.lot(f"{name} to go on")
        self.waiting = Waiting(self)
        self._durable: dict[bytes, Copy] = {}
        self._unsynced: list[tuple[float, bytes, Copy]] = []

    def run(self, connection: Connection, fields: Sequence[bytes]) -> Answer:
        """Do one command as part of the running event, and tell what it touches."""
        if self.follows and touch_of(fields[0]).write:
            return library("redis").ReadOnlyError("You can't write against a read only replica.")
        answer = connection.run(fields)
        self.tell(fields)
        for call in connection.scripted():
            self.tell(call)
        return answer

    def tell(self, fields: Sequence[bytes]) -> None:
        """Note which keys the command touches, log what it wrote, and serve who waits for it."""
        written = self.touch(fields)
        if not written:
            return
        if self.logs:
            self._log(written)
        self.waiting.serve()

    def touch(self, fields: Sequence[bytes]) -> Iterable[bytes]:
        """Note which keys the command touches; return those that it may have written."""
        touched = keys_of(fields)
        if touched is None:
            write = fields[0].startswith(b"FLUSH")
            self.world.used(self.name, write=write)
            return self._known() if write else ()
        keys, write = touched
        for key in keys:
            self.world.used(self.name, f"[{spelled(key)}]", write=write)
        return keys if write else ()

    def crash(self) -> None:
        """Go down; what has not reached the disk is lost, and clients get a connection error."""
        self.world.used(self.name, write=True)
        self.up = False
        self.waiting.drop()

    def restart(self, *, empty: bool = False) -> None:
        """Come up again with what was on disk; ``empty``: with nothing."""
        self.world.used(self.name, write=True)
        self._sync(self.world.now())
        durable = {} if empty else dict(self._durable)
        if empty or self.fsync != "always":
            self.engine.empty()
            for key, copy in durable.items():
                self.engine.put(key, copy)
            self._durable, self._unsynced = durable, []
        self.up, self.paused = True, False

    def pause(self) -> None:
        """Stop, as SIGSTOP does: requests wait."""
        self.world.used(self.name, write=True)
        self.paused = True

    def resume(self) -> None:
        """Go on after `pause`, with the requests that wait."""
        self.world.used(self.name, write=True)
        self.paused = False
        self.resumed.wake(len(self.resumed))

    def jump_clock(self, seconds: float) -> None:
        """Set its clock forward by ``seconds``, or back."""
        self.world.used(self.name, write=True)
        self.clock_s += seconds

    def apply(self, key: bytes, copy: Copy) -> None:
        """Do a write that another node has logged."""
        self.world.used(self.name, f"[{spelled(key)}]", write=True)
        self.engine.put(key, copy)
        self._keep(key, copy)

    def copy_from(self, other: Node) -> None:
        """Take over all data of another node, as a replica does when it begins."""
        self.world.used(self.name, write=True)
        self.world.used(other.name, write=False)
        self.engine.empty()
        self._durable, self._unsynced = {}, []
        for key in other.engine.all_keys():
            self.apply(key, other.engine.copy(key))

    def _shift(self) -> AbstractContextManager[None]:
        return self.world.shifted(self.clock_s)

    def _known(self) -> Iterable[bytes]:
        """Return the keys that the log has spoken of."""
        return dict.fromkeys([*self._durable, *(key for _, key, _ in self._unsynced)])

    def _log(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            copy = self.engine.copy(key)
            self.log.append((key, copy))
            self._keep(key, copy)
        self.written.wake(len(self.written))

    def _keep(self, key: bytes, copy: Copy) -> None:
        if self.fsync == "always":
            return
        now = self.world.now()
        self._sync(now)
        self._unsynced.append((now, key, copy))

    def _sync(self, now: float) -> None:
        """Move to the disk what the last fsync before ``now`` has caught."""
        if self.fsync == "no":
            return
        synced_s = now // EVERYSEC_S * EVERYSEC_S
        while self._unsynced and self._unsynced[0][0] < synced_s:
            _, key, copy = self._unsynced.pop(0)
            self._durable[key] = copy


def spelled(key: bytes) -> str:
    """Return a key in words."""
    return key.decode("utf-8", "backslashreplace")
