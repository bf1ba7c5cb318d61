"""Real servers, connected to for as long as a block lasts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.in_use import using
from raceexplore.sim.unmodelled import library

if TYPE_CHECKING:
    from collections.abc import Iterator


class Servers(NamedTuple):
    """The servers in use, each in words, as ``PostgreSQL 15.18``."""

    names: tuple[str, ...]


@contextmanager
def servers(*, postgres: str = "", redis: str = "") -> Iterator[Servers]:
    """Let programs that run in the block speak to real servers.

    postgres: a DSN, as psycopg takes it; each simulated server becomes a database that is made for
    the block and dropped at its end. redis: a URL, as redis-py takes it; each simulated node
    becomes a database that is empty before, and emptied at the end. Raises `ServerTrouble` if one
    does not answer or gives no such database, and `MissingExtra` without its client library.
    """
    found: list[Any] = []
    names = []
    real_postgres = real_redis = None
    try:
        if postgres:
            library("psycopg")
            from raceexplore.sim.real.postgres import OnPostgres

            found.append(real_postgres := OnPostgres(postgres))
            names.append(f"PostgreSQL {real_postgres.version}")
        if redis:
            library("redis")
            from raceexplore.sim.real.redis import OnRedis

            found.append(real_redis := OnRedis(redis))
            names.append(f"Redis {real_redis.version}")
        with using(real_postgres, real_redis):
            yield Servers(tuple(names))
    finally:
        for server in reversed(found):
            server.close()
