"""Aggregate functions over the rows of a query: COUNT, SUM, MIN, MAX, AVG."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.sql.values.scope import Env, Expression, Running


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


RESULTS: dict[str, Callable[[list[Any]], Any]] = {
    "Min": min,
    "Max": max,
    "Sum": sum,
    "Avg": lambda values: Decimal(sum(values)) / len(values),
}
