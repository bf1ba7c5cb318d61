"""Which rows of a table a condition fixes by a unique key, so that no scan is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.sql.parse import name_of
from raceexplore.sim.postgres.sql.values.operators import adapted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from raceexplore.sim.postgres.sql.tables import Catalog
    from raceexplore.sim.postgres.sql.values.compiler import Compiler
    from raceexplore.sim.postgres.sql.values.scope import Env, Expression, Running, Source
    from raceexplore.sim.postgres.sql.values.types import Type

    Run = Callable[[Env, Running], Any]


class Lookup(NamedTuple):
    """Keys that the query fixes: the number of the index, and what gives their values.

    keys: returns the keys to look for; None: the index is gone through in part, and the condition
    ``within`` says which rows are in that part.
    """

    number: int
    keys: Callable[[Env, Running], list[tuple[Any, ...]]] | None
    within: Run | None = None


def conjuncts(node: Any) -> list[Any]:
    """Return the conditions that AND joins in ``node``."""
    kind = type(node).__name__
    if kind == "Paren":
        return conjuncts(node.this)
    if kind == "And":
        return [*conjuncts(node.this), *conjuncts(node.expression)]
    return [node]


def find_lookup(
    node: Any, compiler: Compiler, source: Source, known: set[int], catalog: Catalog
) -> Lookup | None:
    """Return how ``node`` finds rows of a source by a unique key, given the ``known`` sources."""
    if not source.table:
        return None
    keys, parts = catalog.tables[source.table].keys, conjuncts(node)
    fixed = _fixed(parts, source, known, compiler)
    for number, key in enumerate(keys):
        if all(column in fixed for column in key.columns):
            return Lookup(number, _one([fixed[column] for column in key.columns]))
    for number, key in enumerate(keys):
        for part in parts if len(key.columns) == 1 else ():
            lookup = _many(part, (number, key.columns[0]), source, compiler)
            if lookup is not None:
                return lookup
    return None


def _one(runs: list[Run]) -> Callable[[Env, Running], list[tuple[Any, ...]]]:
    return lambda env, running: [tuple([run(env, running) for run in runs])]


def _fixed(parts: list[Any], source: Source, known: set[int], compiler: Compiler) -> dict[int, Run]:
    """Return the columns of ``source`` that must be equal to what is known before it."""
    sources = compiler.scope.sources
    fixed: dict[int, Run] = {}
    with compiler.scope.only(known):
        equations = [pair for part in parts for pair in _equations(part, source, sources)]
        for column, value in equations:
            given = _given(value, compiler)
            if given is not None:
                fixed.setdefault(column, adapted(given, source.types[column]))
    return fixed


def _equations(part: Any, source: Source, sources: list[Source]) -> Iterator[tuple[int, Any]]:
    """Yield the columns of ``source`` that a condition fixes, and the node of what it is."""
    kind = type(part).__name__
    if kind == "EQ":
        for this, other in ((part.this, part.expression), (part.expression, part.this)):
            column = _column_of(this, source, sources)
            if column is not None and type(other).__name__ != "Any":
                yield column, other
    elif kind == "Is" and type(part.expression).__name__ == "Null" and not part.args.get("negate"):
        column = _column_of(part.this, source, sources)
        if column is not None:
            yield column, part.expression


def _many(part: Any, key: tuple[int, int], source: Source, compiler: Compiler) -> Lookup | None:
    """Return a lookup of several keys, or of a part of an index, that ``part`` allows."""
    number, column = key
    kind = type(part).__name__
    if kind not in {"In", "Between"}:
        return None
    if _column_of(part.this, source, compiler.scope.sources) != column:
        return None
    if kind == "Between":
        return Lookup(number, None, compiler.condition(part))
    keys = _options(part, source.types[column], compiler)
    return None if keys is None else Lookup(number, keys)


def _options(
    part: Any, kind: Type, compiler: Compiler
) -> Callable[[Env, Running], list[tuple[Any, ...]]] | None:
    """Return what gives the keys of ``IN (...)``; None if they depend on the row."""
    query = part.args.get("query")
    with compiler.scope.only(set()):
        if query is not None:
            sub = compiler.sub(query.this, compiler.scope)
            if sub.reaches:
                return None
            return lambda env, running: [(values[0],) for values in sub.values(env, running)]
        found = [_given(option, compiler) for option in part.expressions]
    runs = [adapted(option, kind) for option in found if option is not None]
    if len(runs) < len(found):
        return None
    return lambda env, running: [(run(env, running),) for run in runs]


def _column_of(node: Any, source: Source, sources: list[Source]) -> int | None:
    if type(node).__name__ != "Column" or type(node.this).__name__ == "Star":
        return None
    name, table = name_of(node.this), name_of(node.args.get("table"))
    if name not in source.columns or table not in {"", source.alias}:
        return None
    if not table and sum(name in other.columns for other in sources) > 1:
        return None
    return source.columns.index(name)


def _given(node: Any, compiler: Compiler) -> Expression | None:
    """Return ``node`` compiled if it needs nothing that is not known yet, else None."""
    if type(node).__name__ in {"Subquery", "Exists"}:
        return None
    try:
        return compiler.expression(node)
    except SqlError:
        return None
