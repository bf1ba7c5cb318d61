"""Which real servers stand in for the simulated ones, if any: see `raceexplore.sim.real`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from raceexplore.kernel.world import World


class RealPostgres(Protocol):
    """A real PostgreSQL that gives each run databases of its own."""

    def database(self, world: World, schema: str) -> Any:
        """Return a database with the tables of ``schema``, for a run that has begun."""
        ...


class RealRedis(Protocol):
    """A real Redis that gives each run databases of its own."""

    def engine(self, world: World, clock: Callable[[], float]) -> Any:
        """Return what stands for the data of one simulated node, whose clock is ``clock``."""
        ...


@dataclass
class InUse:
    """The real servers that programs are given now; None: the simulated one."""

    postgres: RealPostgres | None = None
    redis: RealRedis | None = None


in_use = InUse()


@contextmanager
def using(postgres: RealPostgres | None, redis: RealRedis | None) -> Iterator[None]:
    """Let the simulated services speak to these servers in the block."""
    before = in_use.postgres, in_use.redis
    in_use.postgres, in_use.redis = postgres, redis
    try:
        yield
    finally:
        in_use.postgres, in_use.redis = before
