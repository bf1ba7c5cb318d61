"""A real PostgreSQL server for the tests, and sessions on it that one thread steps through.

The rule that makes its runs repeat: one statement is sent at a time; then the server is asked until
each statement that is out has either been answered or is blocked, as read after the last answer.
Deadlocks are found here, in the server's own graph of who blocks whom, and not by its timer.
"""

from __future__ import annotations

import os
import pwd
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

MISSING = "no PostgreSQL is installed: apt install postgresql"
FOLDERS = ("/usr/lib/postgresql", "/usr/local/pgsql")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "autovacuum": "off",
    "deadlock_timeout": "1h",
    "jit": "off",
    "max_connections": "40",
}


def programs_folder() -> Path | None:
    """Return where the server's programs are; None if none are installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = [p for folder in FOLDERS for p in sorted(Path(folder).glob("*/bin/initdb"))]
    return versions[-1].parent if versions else None


def _as_user(folder: Path) -> list[str]:
    """Return the command that runs another one as a user who is not root."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server() -> Iterator[str]:
    """Start a server on a free port of the loopback, and yield its DSN."""
    programs = programs_folder()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="raceexplore-postgres-"))
    data = folder / "data"
    user = _as_user(folder)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    initdb = [str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "-N"]
    subprocess.run([*user, *initdb, "--locale=C", "--encoding=UTF8"], check=True, **quiet)
    port = _free_port()
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [*user, str(programs / "postgres"), "-D", str(data), "-p", str(port), *options]
    process = subprocess.Popen(command, **quiet)
    dsn = f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
    try:
        _wait_for(dsn, process)
        yield dsn
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def dsn_of_a_server() -> Iterator[str]:
    """Run a server and yield its DSN; skip the test where none is installed, or fail in CI."""
    if programs_folder() is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with server() as dsn:
        yield dsn


def _wait_for(dsn: str, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    for _ in range(400):
        assert process.poll() is None, "the server has ended"
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not answer")


class Real:
    """Sessions on the real server, of the same shape as the simulated ones."""

    def __init__(self, dsn: str, count: int) -> None:
        import psycopg

        self.control = psycopg.connect(dsn, autocommit=True)
        self.sessions = [psycopg.connect(dsn, autocommit=True) for _ in range(count)]
        self.pids = [session.info.backend_pid for session in self.sessions]
        self.out: dict[int, list[Any]] = {}
        self.victims: set[int] = set()

    def close(self) -> None:
        for session in [*self.sessions, self.control]:
            session.close()

    def script(self, text: str) -> None:
        self.control.execute(text)

    def reset(self) -> None:
        """End whatever is still waiting, roll back, and give all locks of the sessions back."""
        for number in self.out:
            self.control.execute("SELECT pg_cancel_backend(%s)", (self.pids[number],))
            while self.sessions[number].pgconn.get_result() is not None:
                pass
        self.out.clear()
        self.victims.clear()
        for session in self.sessions:
            session.pgconn.exec_(b"ROLLBACK")
            session.pgconn.exec_(b"SELECT pg_advisory_unlock_all()")

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return self.control.execute(f"SELECT * FROM {table}").fetchall()

    async def send(self, session: int, text: str) -> None:
        self.sessions[session].pgconn.send_query(text.encode())
        self.out[session] = []

    async def settle(self) -> dict[int, Any]:
        """Wait until each statement is answered or blocked; return the answers."""
        answers: dict[int, Any] = {}
        while True:
            self._collect(answers)
            if not self.out:
                return answers
            before = len(answers)
            blocked = self._blocked()
            self._collect(answers)
            if len(answers) > before or len(blocked) < len(self.out):
                sockets = [self.sessions[n].pgconn.socket for n in self.out]
                if len(answers) == before:
                    select.select(sockets, [], [], 0.001)
                continue
            if not self._break_cycle(blocked):
                return answers

    def _collect(self, answers: dict[int, Any]) -> None:
        for number in list(self.out):
            pgconn = self.sessions[number].pgconn
            pgconn.consume_input()
            while not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:
                    answers[number] = self._answer(number, self.out.pop(number)[-1])
                    break
                self.out[number].append(result)

    def _answer(self, number: int, result: Any) -> Any:
        import psycopg

        if result.status == psycopg.pq.ExecStatus.TUPLES_OK:
            return [
                tuple(
                    _value(result.get_value(row, column), result.ftype(column))
                    for column in range(result.nfields)
                )
                for row in range(result.ntuples)
            ]
        if result.status == psycopg.pq.ExecStatus.COMMAND_OK:
            return -1 if result.command_tuples is None else result.command_tuples
        state = result.error_field(psycopg.pq.DiagnosticField.SQLSTATE).decode()
        if state == "57014" and number in self.victims:
            self.victims.discard(number)
            return "40P01"
        return state

    def _blocked(self) -> dict[int, list[int]]:
        """Return who of those who are out is blocked, and by which sessions."""
        pids = [self.pids[n] for n in self.out]
        query = "SELECT pid, pg_blocking_pids(pid) FROM unnest(%s::int[]) pid"
        found = dict(self.control.execute(query, (pids,)).fetchall())
        return {
            n: [self.pids.index(pid) for pid in found[self.pids[n]] if pid in self.pids]
            for n in self.out
            if found[self.pids[n]]
        }

    def _break_cycle(self, blocked: dict[int, list[int]]) -> bool:
        """Cancel the highest session of a cycle, and return whether there was one."""
        for start in sorted(blocked, reverse=True):
            if start in self.victims:
                return True
            seen, queue = set(), list(blocked[start])
            while queue:
                number = queue.pop()
                if number == start:
                    self.victims.add(start)
                    self.control.execute("SELECT pg_cancel_backend(%s)", (self.pids[start],))
                    return True
                if number not in seen:
                    seen.add(number)
                    queue += blocked.get(number, [])
        return False


def _value(raw: bytes | None, oid: int) -> Any:
    if raw is None:
        return None
    text = raw.decode()
    kinds = {16: lambda t: t == "t", 20: int, 21: int, 23: int, 1700: Decimal, 701: float}
    return kinds.get(oid, str)(text)
