"""Isolation levels as clients name them."""

from __future__ import annotations

from typing import Any

from raceexplore.sim.postgres.engine.transactions import Isolation

NUMBERS = {
    1: Isolation.READ_COMMITTED,
    2: Isolation.READ_COMMITTED,
    3: Isolation.REPEATABLE_READ,
    4: Isolation.SERIALIZABLE,
}


def isolation(level: Any) -> Isolation | None:
    """Return the isolation that psycopg's enum, a number or a name stands for; None: none."""
    if level is None or isinstance(level, Isolation):
        return level
    if isinstance(level, int):
        return NUMBERS[int(level)]
    return Isolation(str(level).lower().replace("_", " "))
