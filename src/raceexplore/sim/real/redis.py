"""Databases of our own on a real Redis: its commands are its own, its clock is the run's."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import redis

from raceexplore.kernel.fence.serving import paused
from raceexplore.sim.real.keys_of_ours import RealConnection, RealData
from raceexplore.sim.real.trouble import ServerTrouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.world import World

NAME = "raceexplore"  # of our connections, by which another of us sees that a database is taken
OLDEST = 7  # within MULTI and EXEC no time passes, by which time-outs are read exactly
PATIENCE_S = 5
DATABASES = 16


class OnRedis:
    """A real Redis server: each simulated node of a program becomes a database on it.

    url: as redis-py takes it; databases are taken from the one that it names upwards, and only
    empty ones. version: of the server. Raises `ServerTrouble` if it does not answer, is older than
    7, or has no empty database.
    """

    def __init__(self, url: str) -> None:
        try:
            self._pool = redis.ConnectionPool.from_url(
                url, socket_connect_timeout=PATIENCE_S, protocol=2
            )
            self._admin = redis.Redis(connection_pool=self._pool)
            self.version = str(self._admin.info("server")["redis_version"])
        except (redis.RedisError, ValueError, OSError) as error:
            words = " ".join(str(error).split())
            raise ServerTrouble(f"the real Redis: {words}") from None
        if int(self.version.split(".", 1)[0]) < OLDEST:
            raise ServerTrouble(f"Redis {self.version} is too old: {OLDEST} or later is needed")
        self._first = int(self._pool.connection_kwargs.get("db") or 0)
        self._data: list[RealData] = []
        self._taken = self._in_use_by_others()
        self._next = self._first
        self._add()

    def engine(self, world: World, clock: Callable[[], float]) -> RealData:
        """Return an empty database for a node of a run that has begun; clock: the node's own."""
        number: list[int] = world.remember((OnRedis, "databases"), lambda: [0])
        with paused():
            if number[0] == len(self._data):
                self._add()
            found = self._data[number[0]]
            number[0] += 1
            found.clear(clock)
        return found

    def _in_use_by_others(self) -> set[int]:
        clients: list[dict[str, Any]] = self._admin.client_list()
        return {int(each["db"]) for each in clients if each.get("name") == NAME}

    def _add(self) -> None:
        """Take the next empty database."""
        while self._next < self._first + DATABASES:
            database, self._next = self._next, self._next + 1
            try:
                own = RealConnection(self._link(database), None)
                empty = database not in self._taken and own.send([(b"DBSIZE",)]) == [0]
            except redis.ResponseError:
                break  # the server has no more of them
            if empty:
                own.send([(b"CLIENT", b"SETNAME", NAME.encode())])
                self._data.append(RealData(own, partial(self._link, database)))
                return
            own.close()
        raise ServerTrouble(
            f"the real Redis has no empty database left from number {self._first} on:"
            " we use no other, so that nothing of yours is touched"
        )

    def _link(self, database: int) -> Any:
        settings = {**self._pool.connection_kwargs, "db": database}
        link = self._pool.connection_class(**settings)
        link.connect()
        return link

    def close(self) -> None:
        """Empty our databases, and hang up."""
        with paused(), suppress(ServerTrouble):  # it may have gone
            for data in self._data:
                data.close()
            self._admin.close()
            self._pool.disconnect()
