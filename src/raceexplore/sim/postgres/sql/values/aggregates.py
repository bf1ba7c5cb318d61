"""Aggregate functions over the rows of a query: COUNT, SUM, MIN, MAX, AVG."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.postgres.sql.values.numbers import divide

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.sql.values.scope import Env, Expression, Running


AGGREGATES = ("Count", "Sum", "Min", "Max", "Avg")


class Aggregate(NamedTuple):
    """A call of an aggregate function: its name, of what (None: of rows), and DISTINCT."""

    name: str
    argument: Expression | None
    unique: bool

    def over(self, rows: list[Env], running: Running) -> Any:
        """Return its result for ``rows``; NULLs do not count."""
        argument = self.argument
        if argument is None:
            return len(rows)
        values = [value for env in rows if (value := argument.run(env, running)) is not None]
        if self.unique:
            values = list(dict.fromkeys(values))
        if self.name == "Count":
            return len(values)
        if not values:
            return None
        if self.name == "Sum" and argument.kind.name == "int8":
            return Decimal(sum(values))
        return RESULTS[self.name](values)


def _decimal(number: Any) -> Any:
    """Return a sum as the server keeps it: of whole numbers as a numeric."""
    return Decimal(number) if isinstance(number, int) else number


RESULTS: dict[str, Callable[[list[Any]], Any]] = {
    "Min": min,
    "Max": max,
    "Sum": sum,
    "Avg": lambda values: divide(_decimal(sum(values)), len(values)),
}


class Agreed:
    """What the rows of a group agree on, and the functions of all its rows.

    columns: by the places of their source and of them. texts: expressions, as they are spelled.
    aggregates: their results stand behind the sources in an `Env`.
    """

    def __init__(self) -> None:
        self.columns: set[tuple[int, int]] = set()
        self.texts: set[str] = set()
        self.aggregates: list[Aggregate] = []
