"""Databases of our own on a real PostgreSQL: made for a campaign, filled anew for each run."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from raceexplore.kernel.fence.serving import paused
from raceexplore.sim.real.clock import SEARCH_PATH, functions, spelled
from raceexplore.sim.real.quiet import Quiet, answering
from raceexplore.sim.real.session import RealSession
from raceexplore.sim.real.trouble import ServerTrouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.world import World

PREFIX = "raceexplore_"
PATIENCE_S = 5  # to connect
OLDEST = 130_000  # pg_blocking_pids and gen_random_uuid without an extension
TURN = 7_228_301  # an advisory lock of ours: who has it makes or drops databases
ABANDONED = r"""
SELECT datname FROM pg_database AS d WHERE datname ~ '^raceexplore_[0-9a-f]{8}_\d+$'
AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datname = d.datname)
"""
OPTIONS = f"-c timezone=UTC -c search_path={SEARCH_PATH}"
NEVER = "-c deadlock_timeout=1h"  # we find deadlocks; its timer would be one more clock
FRESH = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"


class OnPostgres:
    """A real PostgreSQL server: each simulated one of a program becomes a database on it.

    dsn: how to connect, as psycopg takes it. version: of the server, as ``15.18``. Raises
    `ServerTrouble` if it does not answer, is older than 13, or lets us make no database.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._databases: list[OnDatabase] = []
        try:
            limited = make_conninfo(dsn, connect_timeout=str(PATIENCE_S))
            self._admin = psycopg.connect(limited, autocommit=True)
        except psycopg.Error as error:
            raise ServerTrouble(f"the real PostgreSQL: {_line(error)}") from None
        info = self._admin.info
        self.version = str(info.parameter_status("server_version")).split()[0]
        if info.server_version < OLDEST:
            raise ServerTrouble(f"PostgreSQL {self.version} is too old: 13 or later is needed")
        (uuid,) = self._one("SELECT gen_random_uuid()")
        self._name = PREFIX + str(uuid).split("-", 1)[0]
        self._drop_abandoned()
        (self._rules,) = self._one("SELECT current_setting('is_superuser') = 'on'")

    def _drop_abandoned(self) -> None:
        """Drop the databases of those of us who were killed: their names are ours alone."""
        with self._turn():
            for (name,) in self._admin.execute(ABANDONED).fetchall():
                with suppress(psycopg.Error):  # it is another user's
                    self._admin.execute(f'DROP DATABASE "{name}"')

    @contextmanager
    def _turn(self) -> Iterator[None]:
        self._admin.execute("SELECT pg_advisory_lock(%s)", (TURN,))
        try:
            yield
        finally:
            self._admin.execute("SELECT pg_advisory_unlock(%s)", (TURN,))

    def _one(self, query: str) -> tuple[Any, ...]:
        row = self._admin.execute(query).fetchone()
        assert row is not None
        return tuple(row)

    def database(self, world: World, schema: str) -> OnDatabase:
        """Return a database with the tables of ``schema``, for a run that has begun."""
        number: list[int] = world.remember((OnPostgres, "databases"), lambda: [0])
        with answering():
            if number[0] == len(self._databases):
                self._databases.append(self._made(f"{self._name}_{number[0]}"))
            found = self._databases[number[0]]
            number[0] += 1
            found.clear(world, schema)
        return found

    def _made(self, name: str) -> OnDatabase:
        given = str(conninfo_to_dict(self._dsn).get("options") or "")
        options = " ".join([given, OPTIONS, NEVER if self._rules else ""])
        with self._turn():
            try:
                # of a run that was given up while it was made; the name is ours
                self._admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
            except psycopg.Error as error:
                words = f"no database of our own can be made: {_line(error)}"
                raise ServerTrouble(words) from None
            return OnDatabase(make_conninfo(self._dsn, dbname=name, options=options), name)

    def close(self) -> None:
        """Drop the databases that we have made, and hang up."""
        with paused(), suppress(psycopg.Error):  # it may have gone
            for database in self._databases:
                database.close()
                self._admin.execute(f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')
            self._admin.close()


class OnDatabase:
    """One database of ours, and the connections to it, which the sessions of all runs share."""

    def __init__(self, dsn: str, name: str) -> None:
        self.name = name
        self._dsn = dsn
        self._control = psycopg.connect(dsn, autocommit=True, prepare_threshold=None)
        self._control.execute(functions())
        self._links: list[Any] = []
        self._sessions: list[RealSession] = []
        self._world: World | None = None
        self._quiet = Quiet(self._control, lambda numbers: numbers[0])

    def clear(self, world: World, schema: str) -> None:
        """Make the tables anew, for a run that begins; nothing of the last run is left."""
        for session in self._quiet.out[:]:
            assert isinstance(session, RealSession)
            self._quiet.cancel(session)
        for session in self._sessions:
            if not session.closed:
                session.reset()
        self._sessions.clear()
        self._world = world
        self._quiet = Quiet(self._control, lambda numbers: world.pick("deadlock victim", numbers))
        self._control.execute(FRESH)
        if schema.strip():
            self._control.execute(spelled(schema))

    def session(self) -> RealSession:
        """Return a new session of the current task."""
        assert self._world is not None
        number = len(self._sessions)
        with answering():
            if number == len(self._links):
                self._links.append(psycopg.connect(self._dsn, autocommit=True))
        link = self._links[number]
        session = RealSession(self._world, link, self._quiet, lambda: self._sessions)
        self._sessions.append(session)
        return session

    def query(self, text: str, params: Any = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT on what is committed."""
        with answering():
            return self._control.execute(text, params or None).fetchall()

    def close(self) -> None:
        """Hang up."""
        for link in [*self._links, self._control]:
            link.close()


def _line(error: psycopg.Error) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
