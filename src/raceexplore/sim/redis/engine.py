"""What Redis commands do to data: fakeredis, asked directly. Only this file knows its inside.

fakeredis is a well-kept model of Redis' commands, but its clients speak through sockets and
threads, and cost more than the command. Here its server side is called with the arguments, and
gives the answer: one command is one step that nobody can come into, as in Redis. What would depend
on the order of a hash table is sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from hashlib import sha1
from typing import Any

from raceexplore.sim.redis.native import answer
from raceexplore.sim.unmodelled import MissingExtra, library

VERSION = (7, 0)  # of the server whose answers the tests compare
NEEDED = ("_process_command", "_run_command", "put_response")
# and the instances' _transaction and _server
SORTED = frozenset(b"SMEMBERS SINTER SUNION SDIFF KEYS".split())
MULTI, EXEC, UNWATCH = (b"MULTI",), (b"EXEC",), (b"UNWATCH",)
ENDS = frozenset(b"UNWATCH DISCARD EXEC".split())  # of watching keys
Answer = Any
Shift = Callable[[], AbstractContextManager[None]]


class Engine:
    """The data of one Redis process.

    shift: makes the block that a command runs in see this server's own clock.
    real: a database on a real server, where one stands in for it (`raceexplore.sim.real`).
    """

    def __init__(self, shift: Shift, real: Any = None) -> None:
        self.shift, self._real = shift, real
        if real is None:
            self._server = library("fakeredis").FakeServer(version=VERSION)
        self._idle: list[Connection] = []

    def connection(self, database: int = 0) -> Connection:
        """Return a new connection, which has its own watched keys and transaction."""
        if self._real is not None:
            linked: Connection = self._real.connection(database)
            return linked
        redis = library("redis")
        socket = _socket_class()(self._server, database, client_class=redis.Redis)
        return Connection(self.shift, socket)

    @property
    def _own(self) -> Connection:
        """The engine's own connection, made when it is first needed: it costs 60 us."""
        if not self._idle:
            self._idle.append(self.connection())
        return self._idle[0]

    def empty(self) -> None:
        """Forget all data, as a process does that restarts without a disk."""
        self._own.run((b"FLUSHALL",))
        self._own.run((b"SCRIPT", b"FLUSH"))

    def all_keys(self) -> list[bytes]:
        """Return the keys of database 0, in order."""
        found: list[bytes] = self._own.run((b"KEYS", b"*"))
        return found

    def copy(self, key: bytes) -> tuple[bytes, bytes] | None:
        """Return what `put` takes to make the key as it is now; None: there is no such key."""
        value = self._own.run((b"DUMP", key))
        if value is None:
            return None
        expires_ms = self._own.run((b"PEXPIRETIME", key))
        return value, b"%d" % max(expires_ms, 0)

    def put(self, key: bytes, copy: tuple[bytes, bytes] | None) -> None:
        """Make the key as it was when `copy` was called, in this or in another engine."""
        self._own.run((b"DEL", key))
        if copy is None:
            return
        value, expires_ms = copy
        self._own.run((b"RESTORE", key, b"0", value))
        if int(expires_ms):
            self._own.run((b"PEXPIREAT", key, expires_ms))


class Connection:
    """One connection to an engine: a command's fields go in as bytes, its answer comes out.

    mortal: the watched keys that have a time-out. One that is gone by then has been changed by
    that, which fakeredis does not count.
    """

    __slots__ = ("_shift", "_socket", "mortal")

    def __init__(self, shift: Shift, socket: Any) -> None:
        self._shift = shift
        self._socket = socket
        self.mortal: list[bytes] = []

    def run(self, fields: Sequence[bytes]) -> Answer:
        """Do one command at once and return its answer; an error of Redis' is returned, too."""
        if fields[0] == b"EVAL" and self._socket._transaction is None:  # noqa: SLF001 see above
            found = answer(fields, self._command)
            if found is not NotImplemented:
                sha = sha1(fields[1], usedforsecurity=False).hexdigest().encode()
                self._socket._server.script_cache[sha] = fields[1]  # noqa: SLF001
                return found
        if fields[0] in ENDS:
            self.mortal.clear()
        elif fields[0] == b"WATCH":
            given = self._command(fields)
            self.mortal += [k for k in fields[1:] if self._command((b"PEXPIRETIME", k)) >= 0]
            return given
        return self._command(fields)

    def is_changed(self) -> bool:
        """Return whether a watched key's time has run out; asked outside of a transaction."""
        return any(self._command((b"EXISTS", key)) == 0 for key in self.mortal)

    def _command(self, fields: Sequence[bytes]) -> Answer:
        socket = self._socket
        with self._shift():
            socket.answers.clear()
            socket._process_command(list(fields))  # noqa: SLF001 see above
        given = socket.answers[0] if socket.answers else None
        return sorted(given) if fields[0] in SORTED and isinstance(given, list) else given

    def attempt(self, fields: Sequence[bytes]) -> Answer:
        """Do a blocking command without waiting: None where it would have to wait."""
        self.run(MULTI)
        self.run(fields)
        given = self.run(EXEC)
        return given[0] if isinstance(given, list) else given

    def scripted(self) -> list[list[bytes]]:
        """Return the commands that scripts have called since this was asked last."""
        calls: list[list[bytes]] = self._socket.scripted
        self._socket.scripted = []
        return calls


@lru_cache(maxsize=1)
def _socket_class() -> Any:
    library("fakeredis")
    from fakeredis._socket import FakeSocket

    missing = [name for name in NEEDED if not hasattr(FakeSocket, name)]
    if missing:
        raise MissingExtra(f"this release of fakeredis has no {missing[0]}; 2.41 has")

    class Socket(FakeSocket):
        """A server's side of a connection, whose answers are kept in a list."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.answers: list[Any] = []
            self.scripted: list[list[bytes]] = []
            super().__init__(*args, **kwargs)

        def put_response(self, msg: Any) -> None:
            self.answers.append(msg)

        def _run_command(self, func: Any, sig: Any, args: list[Any], from_script: bool) -> Any:  # noqa: FBT001
            if from_script:
                self.scripted.append([sig.name.upper().encode(), *args])
            return super()._run_command(func, sig, args, from_script)

    return Socket
