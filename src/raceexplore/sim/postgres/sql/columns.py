"""The list of a SELECT or of RETURNING: its columns, and the clauses that are not modelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.sql.parse import name_of, position, unmodelled
from raceexplore.sim.postgres.sql.values.aggregates import AGGREGATES
from raceexplore.sim.postgres.sql.values.scope import Expression

if TYPE_CHECKING:
    from raceexplore.sim.postgres.sql.values.compiler import Compiler
    from raceexplore.sim.postgres.sql.values.types import Type


def output(node: Any, compiler: Compiler) -> list[Expression]:
    """Return the columns that one item of a SELECT list or of RETURNING stands for."""
    kind = type(node).__name__
    if kind == "Alias":
        inner = compiler.expression(node.this)
        return [inner._replace(name=name_of(node.args["alias"]))]
    is_all = kind == "Star"
    if is_all or (kind == "Column" and type(node.this).__name__ == "Star"):
        table = "" if is_all else name_of(node.args["table"])
        return all_columns(table, compiler, position(node))
    return [compiler.expression(node)]


def all_columns(table: str, compiler: Compiler, where: int) -> list[Expression]:
    """Return ``*`` or ``table.*``."""
    found = []
    for source in compiler.scope.sources:
        if table in ("", source.alias) and source.alias != "excluded":
            for column, kind in zip(source.columns, source.types, strict=True):
                place, number, _ = compiler.scope.find(source.alias, column, where)
                found.append(_take(place, number, kind, column))
    if not found:
        raise SqlError("42P01", f'missing FROM-clause entry for table "{table}"', position=where)
    return found


def _take(place: int, number: int, kind: Type, name: str) -> Expression:
    return Expression(lambda env, _: env[place][number], kind, name)


def has_aggregate(node: Any) -> bool:
    """Return whether an aggregate function stands in ``node``, outside of sub-queries."""
    kind = type(node).__name__
    if kind in AGGREGATES:
        return True
    if kind in {"Subquery", "Exists", "Select"}:
        return False
    return any(has_aggregate(child) for child in node.iter_expressions())


CLAUSES = {
    "windows": "WINDOW",
    "qualify": "QUALIFY",
    "laterals": "LATERAL",
    "into": "INTO",
}


def refuse_clauses(tree: Any) -> None:
    """Refuse what a SELECT may have, and is not modelled."""
    if type(tree).__name__ != "Select":
        unmodelled(f"SELECT ... {type(tree).__name__.upper()}")
    for name, word in CLAUSES.items():
        if tree.args.get(name):
            unmodelled(f"SELECT ... {word}")
