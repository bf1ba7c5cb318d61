"""PostgreSQL, simulated: SQL on top, underneath its isolation, locks and waits."""

from raceexplore.sim.postgres.connection import AsyncConnection, Notify
from raceexplore.sim.postgres.cursor import AsyncCursor, dict_row, scalar_row, tuple_row
from raceexplore.sim.postgres.server import Postgres
from raceexplore.sim.unmodelled import Unmodelled

__all__ = [
    "AsyncConnection",
    "AsyncCursor",
    "Notify",
    "Postgres",
    "Unmodelled",
    "dict_row",
    "scalar_row",
    "tuple_row",
]
