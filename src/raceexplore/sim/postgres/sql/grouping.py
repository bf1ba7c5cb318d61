"""GROUP BY, HAVING and DISTINCT: which columns a group has, and what becomes of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.sql.columns import has_aggregate
from raceexplore.sim.postgres.sql.parse import name_of, position
from raceexplore.sim.postgres.sql.values.aggregates import Agreed

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.sql.tables import Catalog
    from raceexplore.sim.postgres.sql.values.compiler import Compiler
    from raceexplore.sim.postgres.sql.values.scope import Env, Running

    Run = Callable[[Env, Running], Any]


class Grouping:
    """How the rows of a query are put into groups; without GROUP BY all are one group.

    keys: give what the rows of a group have in common. agreed: what follows from that. having:
    which groups stay.
    """

    def __init__(self, tree: Any, compiler: Compiler, catalog: Catalog) -> None:
        self.keys: list[Run] = []
        self.agreed = Agreed()
        self.having: Run | None = None
        clause = tree.args.get("group")
        self.is_whole = clause is None
        for node in clause.expressions if clause is not None else ():
            self._add(_meant(node, tree, compiler), compiler)
        self._add_what_keys_fix(compiler, catalog)

    def _add(self, node: Any, compiler: Compiler) -> None:
        if has_aggregate(node):
            message = "aggregate functions are not allowed in GROUP BY"
            raise SqlError("42803", message, position=position(node))
        self.keys.append(compiler.expression(node).run)
        if type(node).__name__ == "Column":
            table = name_of(node.args.get("table"))
            place, column, _ = compiler.scope.find(table, name_of(node.this), position(node))
            self.agreed.columns.add((place, column))
        else:
            self.agreed.texts.add(node.sql("postgres"))

    def _add_what_keys_fix(self, compiler: Compiler, catalog: Catalog) -> None:
        """Add the columns of tables whose primary key is in GROUP BY: it fixes them all."""
        scope = compiler.scope
        for place, source in enumerate(scope.sources, scope.base):
            table = catalog.tables.get(source.table)
            if table is None or not table.is_primary:
                continue
            if all((place, column) in self.agreed.columns for column in table.keys[0].columns):
                self.agreed.columns |= {(place, column) for column in range(len(source.columns))}

    def groups(self, envs: list[Env], empty: Env, running: Running) -> list[Env]:
        """Return an `Env` for each group of ``envs``: its first row, and its aggregates."""
        found: dict[tuple[Any, ...], list[Env]] = {(): []} if self.is_whole else {}
        for env in envs:
            found.setdefault(tuple([key(env, running) for key in self.keys]), []).append(env)
        made = [
            (
                *(rows[0] if rows else empty),
                tuple([a.over(rows, running) for a in self.agreed.aggregates]),
            )
            for rows in found.values()
        ]
        having = self.having
        return [env for env in made if having is None or having(env, running) is True]


def _meant(node: Any, tree: Any, compiler: Compiler) -> Any:
    """Return what an item of GROUP BY stands for: a number or a name of the list, or itself."""
    if type(node).__name__ == "Literal" and not node.is_string:
        number = int(node.this)
        if not 1 <= number <= len(tree.expressions):
            message = f"GROUP BY position {number} is not in select list"
            raise SqlError("42P10", message, position=position(node))
        return _inner(tree.expressions[number - 1])
    if type(node).__name__ != "Column" or node.args.get("table"):
        return node
    name = name_of(node.this)
    if any(name in source.columns for source in compiler.scope.sources):
        return node
    named = [item for item in tree.expressions if type(item).__name__ == "Alias"]
    found = [item.this for item in named if name_of(item.args["alias"]) == name]
    return found[0] if found else node


def _inner(item: Any) -> Any:
    return item.this if type(item).__name__ == "Alias" else item


def is_grouped(tree: Any) -> bool:
    """Return whether a SELECT gives a row for each group, and not for each row."""
    if tree.args.get("group") is not None or tree.args.get("having") is not None:
        return True
    order = tree.args.get("order")
    ordered = order.expressions if order is not None else ()
    return any(has_aggregate(node) for node in (*tree.expressions, *ordered))


def once(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return ``rows`` without those that have been there before."""
    return list(dict.fromkeys(rows))
