"""One database of ours on a real Redis, whose keys expire by the run's clock.

No key on the server has a time-out: each that a command has given is read in the same transaction,
in which no time passes, taken off, and kept here. A key whose time is up is deleted before the next
command. A command that depends on a time-out is given it back for as long as it lasts.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import redis

from raceexplore.kernel.fence.serving import paused
from raceexplore.kernel.fence.wall_clock import EPOCH_S
from raceexplore.sim.real.trouble import ServerTrouble
from raceexplore.sim.redis.keys import keys_of
from raceexplore.sim.unmodelled import Unmodelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Fields = Sequence[bytes]

SORTED = frozenset(b"SMEMBERS SINTER SUNION SDIFF KEYS".split())
# answered from what is kept: in which unit, and from when on
ASKED = {
    b"TTL": (1, False),
    b"PTTL": (1000, False),
    b"EXPIRETIME": (1, True),
    b"PEXPIRETIME": (1000, True),
}
JUST = 1e-3  # what a sum of seconds may be off by, in ms
DATED = {b"EXPIREAT": 1, b"PEXPIREAT": 1000}  # in which unit
REFUSED = frozenset(b"TIME CONFIG".split())
TIMED = frozenset(b"EXPIRE PEXPIRE PERSIST GETEX SET RENAME RENAMENX COPY EVAL EVALSHA".split())
CONTROL = frozenset(b"WATCH UNWATCH DISCARD SCRIPT PING ECHO".split())


class RealData:
    """A database: ``own`` is our connection to it, ``link`` makes one more."""

    def __init__(self, own: RealConnection, link: Callable[[], Any]) -> None:
        self._own, self._link = own, link
        self._links: list[Any] = []
        self._used = 0
        self.clock: Callable[[], float] = float
        self.deadlines: dict[bytes, float] = {}
        self.scripts: set[bytes] = set()

    def clear(self, clock: Callable[[], float]) -> None:
        """Forget all of the last run."""
        for link in self._links[: self._used]:
            RealConnection(link, None).send([(b"UNWATCH",)])
        self._used = 0
        self._own.send([(b"FLUSHDB",)])
        self.deadlines.clear()
        self.scripts.clear()
        self.clock = clock

    def connection(self, database: int = 0) -> RealConnection:
        """Return a connection of a client's, with its own watched keys and transaction."""
        if database:
            raise Unmodelled(f"Unmodelled on a real Redis: database {database} of a client")
        with paused():
            if self._used == len(self._links):
                self._links.append(self._link())
        self._used += 1
        return RealConnection(self._links[self._used - 1], self)

    def expire(self) -> None:
        """Delete the keys whose time is up."""
        now_s = self.clock()
        due = [key for key, deadline_s in self.deadlines.items() if deadline_s <= now_s]
        if due:
            self._own.send([(b"DEL", *due)])
            for key in due:
                del self.deadlines[key]

    def close(self) -> None:
        """Empty the database, and hang up."""
        self._own.send([(b"FLUSHDB",)])
        for link in self._links:
            link.disconnect()
        self._own.close()


class RealConnection:
    """One connection, of the shape of the simulated engine's; data: whose keys it speaks of."""

    def __init__(self, link: Any, data: RealData | None) -> None:
        self._link, self._data = link, data
        self._queued: list[Fields] | None = None

    def run(self, fields: Fields) -> Any:
        """Do one command at once and return its answer; an error of Redis' is returned, too."""
        command = fields[0]
        if command in REFUSED:
            raise Unmodelled(f"Unmodelled on a real Redis: {command.decode()}")
        if command == b"MULTI" and self._queued is None:
            self._queued = []
            return b"OK"
        if self._queued is not None:
            return self._in_transaction(fields)
        with paused():
            return self._one(fields)

    def attempt(self, fields: Fields) -> Any:
        """Do a blocking command without waiting: None where it would have to wait."""
        with paused():
            answer = self._together([fields])
        return answer[0] if isinstance(answer, list) else answer

    def is_changed(self) -> bool:
        """Return false: the server itself knows that a watched key's time has run out."""
        return False

    def scripted(self) -> list[list[bytes]]:
        """Return nothing: a real server does not tell what scripts have called."""
        return []

    def _in_transaction(self, fields: Fields) -> Any:
        assert self._queued is not None
        if fields[0] not in {b"EXEC", b"DISCARD"}:
            self._queued.append(fields)
            return b"QUEUED"
        queued, self._queued = self._queued, None
        if fields[0] == b"DISCARD":
            return b"OK"
        with paused():
            return self._together(queued)

    def _one(self, fields: Fields) -> Any:
        data, command = self._data, fields[0]
        assert data is not None
        data.expire()
        missing = self._missing_script(fields)
        if missing is not None:
            return missing
        if command in ASKED:
            return self._left(fields[1], *ASKED[command])
        if command in DATED:
            return self._until(fields[1], int(fields[2]) / DATED[command])
        if command in CONTROL:
            return self.send([fields])[0]
        answer = self._together([fields])
        answer = answer[0] if isinstance(answer, list) else answer
        return sorted(answer) if command in SORTED and isinstance(answer, list) else answer

    def _left(self, key: bytes, unit: int, dated: bool) -> int:  # noqa: FBT001 of a table
        """Answer TTL, or one of its kin."""
        data = self._data
        assert data is not None
        if key in data.deadlines:
            since_s = -EPOCH_S if dated else data.clock()
            left_ms = math.ceil((data.deadlines[key] - since_s) * 1000 - JUST)
            return left_ms if unit > 1 else (left_ms + 500) // 1000  # as Redis rounds
        return -1 if self.send([(b"EXISTS", key)]) == [1] else -2

    def _until(self, key: bytes, time_s: float) -> int:
        """Answer EXPIREAT or PEXPIREAT."""
        data = self._data
        assert data is not None
        if self.send([(b"EXISTS", key)]) == [0]:
            return 0
        data.deadlines[key] = time_s - EPOCH_S
        return 1

    def _missing_script(self, fields: Fields) -> Exception | None:
        """Note a script that this run has loaded; the server may know it from another run."""
        data = self._data
        assert data is not None
        if fields[0] == b"EVALSHA" and fields[1].lower() not in data.scripts:
            return redis.exceptions.NoScriptError("No matching script. Please use EVAL.")
        script = fields[1] if fields[0] == b"EVAL" else fields[2] if _loads(fields) else None
        if script is not None:
            sha = hashlib.sha1(script, usedforsecurity=False).hexdigest()
            data.scripts.add(sha.encode())
        return None

    def _together(self, commands: Sequence[Fields]) -> Any:
        """Do commands as one transaction, and take over the time-outs that they have given."""
        data = self._data
        assert data is not None
        data.expire()
        keys: dict[bytes, None] = {}
        timed: dict[bytes, None] = {}
        for fields in commands:
            touched = keys_of(fields)
            if touched is not None and touched[1]:
                keys.update(dict.fromkeys(touched[0]))
                if fields[0] in TIMED:
                    timed.update(dict.fromkeys(touched[0]))
        given = [key for key in timed if key in data.deadlines]
        now_s = data.clock()
        lent = [(b"PEXPIRE", key, _ms(data.deadlines[key] - now_s)) for key in given]
        taken = [(name, key) for key in keys for name in (b"EXISTS", b"PTTL", b"PERSIST")]
        every = [(b"MULTI",), *lent, *commands, *taken, (b"EXEC",)]
        *queued, answers = self.send(every)
        if not isinstance(answers, list):
            return next((each for each in queued if isinstance(each, Exception)), answers)
        own = answers[len(lent) : len(lent) + len(commands)]
        rest = iter(answers[len(lent) + len(commands) :])
        for key, exists, left_ms, _ in zip(keys, rest, rest, rest, strict=True):
            self._keep(key, exists, left_ms, lent=key in timed)
        if any(fields[0].startswith(b"FLUSH") for fields in commands):
            data.deadlines.clear()
        return own

    def _keep(self, key: bytes, exists: int, left_ms: int, *, lent: bool) -> None:
        data = self._data
        assert data is not None
        if left_ms >= 0:
            data.deadlines[key] = data.clock() + left_ms / 1000
        elif not exists or lent:  # gone, or its time-out was taken off by the command
            data.deadlines.pop(key, None)

    def send(self, commands: Sequence[Fields]) -> list[Any]:
        """Send commands in one trip and return the answers; errors among them are values."""
        link = self._link
        try:
            link.send_packed_command(link.pack_commands(commands))
            return [self._answer() for _ in commands]
        except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
            raise ServerTrouble(f"the real Redis has gone: {error}") from None

    def _answer(self) -> Any:
        try:
            return self._link.read_response(disable_decoding=True)
        except redis.ResponseError as error:
            return error

    def close(self) -> None:
        """Hang up."""
        self._link.disconnect()


def _loads(fields: Fields) -> bool:
    return fields[0] == b"SCRIPT" and len(fields) > 2 and fields[1].upper() == b"LOAD"


def _ms(seconds: float) -> bytes:
    return b"%d" % max(math.ceil(seconds * 1000), 1)
