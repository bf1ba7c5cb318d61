"""Operators on values that may be NULL, which is None: comparison, arithmetic, logic."""

from __future__ import annotations

import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.sql.values.numbers import divide, mixed, modulo
from raceexplore.sim.postgres.sql.values.scope import Expression
from raceexplore.sim.postgres.sql.values.types import (
    BOOL,
    BOUNDS,
    INT4,
    INT8,
    INTERVAL,
    UNKNOWN,
    Type,
    family,
    store,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.sql.values.scope import Env, Running

    Run = Callable[[Env, Running], Any]

COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "EQ": ("=", operator.eq),
    "NEQ": ("<>", operator.ne),
    "LT": ("<", operator.lt),
    "LTE": ("<=", operator.le),
    "GT": (">", operator.gt),
    "GTE": (">=", operator.ge),
}
ARITHMETIC: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "Add": ("+", operator.add),
    "Sub": ("-", operator.sub),
    "Mul": ("*", operator.mul),
    "Div": ("/", divide),
    "Mod": ("%", modulo),
}


def no_operator(left: Type, sign: str, right: Type, position: int) -> SqlError:
    """Return the server's error for operands that do not go together."""
    message = f"operator does not exist: {left.words} {sign} {right.words}"
    hint = f"No operator matches the given name and argument types. {CASTS}"
    return SqlError("42883", message, position=position, hint=hint)


CASTS = "You might need to add explicit type casts."


def adapted(expression: Expression, kind: Type) -> Run:
    """Return a function whose value is of ``kind``, where the text does not say what it is.

    A parameter that is a string counts as an untyped literal, as psycopg sends it.
    """
    run = expression.run
    if expression.kind is not UNKNOWN or kind is UNKNOWN:
        return run
    if expression.literal is not None:
        text, place = expression.literal
        try:
            constant = store(text, kind._replace(length=0))
        except SqlError as error:
            error.position = error.position or place
            raise
        return lambda *_: constant
    wanted = family(kind)

    def adapt(env: Env, running: Running) -> Any:
        value = run(env, running)
        if value is None or (wanted == "text" and type(value) is str):
            return value
        if isinstance(value, str):
            return store(value, kind)
        found = type_of(value)
        if found is not UNKNOWN and family(found) != wanted:
            raise no_operator(kind, "=", found, 0)
        return value

    return adapt


def converted(expression: Expression, kind: Type) -> Run:
    """Return a function whose value is of ``kind``, the common type of several expressions."""
    run = adapted(expression, kind)
    if kind.name not in {"numeric", "float8"} or expression.kind.name == kind.name:
        return run

    def convert(env: Env, running: Running) -> Any:
        return store(run(env, running), Type(kind.name))

    return convert


def compare(name: str, left: Expression, right: Expression, position: int) -> Expression:
    """Return ``left = right`` and its like: NULL if a side is."""
    sign, function = COMPARISONS[name]
    known = UNKNOWN not in (left.kind, right.kind)
    if known and family(left.kind) != family(right.kind):
        raise no_operator(left.kind, sign, right.kind, position)
    one, other = adapted(left, right.kind), adapted(right, left.kind)

    def run(env: Env, running: Running) -> Any:
        a, b = one(env, running), other(env, running)
        if a is None or b is None:
            return None
        try:
            return function(a, b)
        except TypeError:
            raise no_operator(type_of(a), sign, type_of(b), position) from None

    return Expression(run, BOOL)


def compute(name: str, left: Expression, right: Expression, position: int) -> Expression:
    """Return ``left + right`` and its like. Raises 22003 at run time if it is out of range."""
    sign, function = ARITHMETIC[name]
    kind = _result(left.kind, right.kind)
    one, other, bound = left.run, right.run, BOUNDS.get(kind.name, 0)
    if kind.name in BOUNDS:
        one, other = adapted(left, right.kind), adapted(right, left.kind)

    def run(env: Env, running: Running) -> Any:
        a, b = one(env, running), other(env, running)
        if a is None or b is None:
            return None
        try:
            value = function(*mixed(a, b))
        except TypeError:
            raise no_operator(type_of(a), sign, type_of(b), position) from None
        if bound and type(value) is int and not -bound <= value < bound:
            raise SqlError("22003", f"{kind.words} out of range")
        return value

    return Expression(run, kind)


def _result(left: Type, right: Type) -> Type:
    names = {left.name, right.name}
    for kind in ("timestamptz", "timestamp", "date", "interval", "float8", "numeric"):
        if kind in names:
            both = len(names) == 1 and kind in {"timestamptz", "timestamp"}
            return INTERVAL if both else Type(kind)
    if "int8" in names:
        return INT8
    return INT4 if names & {"int4", "int2"} else UNKNOWN


def negate(inner: Expression) -> Expression:
    """Return ``- inner``."""
    run = inner.run

    def negated(env: Env, running: Running) -> Any:
        value = run(env, running)
        return None if value is None else -value

    return Expression(negated, inner.kind)


def conjunction(left: Run, right: Run) -> Run:
    """Return ``left AND right``: false if a side is, else NULL if a side is."""

    def run(env: Env, running: Running) -> Any:
        a = left(env, running)
        if a is False:
            return False
        b = right(env, running)
        if b is False:
            return False
        return None if a is None or b is None else True

    return run


def disjunction(left: Run, right: Run) -> Run:
    """Return ``left OR right``: true if a side is, else NULL if a side is."""

    def run(env: Env, running: Running) -> Any:
        a = left(env, running)
        if a is True:
            return True
        b = right(env, running)
        if b is True:
            return True
        return None if a is None or b is None else False

    return run


def complement(inner: Run) -> Run:
    """Return ``NOT inner``."""

    def run(env: Env, running: Running) -> Any:
        value = inner(env, running)
        return None if value is None else not value

    return run


def membership(wanted: Run, options: list[Run]) -> Run:
    """Return ``wanted IN (options)``: NULL where only an unknown value could make it true."""

    def run(env: Env, running: Running) -> Any:
        value = wanted(env, running)
        return among(value, [option(env, running) for option in options])

    return run


def among(value: Any, found: list[Any]) -> Any:
    """Return whether ``value`` is one of ``found``, as IN answers it."""
    if value is None:
        return None if found else False
    if any(other is not None and value == other for other in found):
        return True
    return None if None in found else False


def distinct(left: Run, right: Run, *, negated: bool) -> Run:
    """Return ``IS [NOT] DISTINCT FROM``, which treats NULL as a value."""

    def run(env: Env, running: Running) -> Any:
        same = bool(left(env, running) == right(env, running))
        return same if negated else not same

    return run


@lru_cache(maxsize=1_000)
def pattern(text: str, *, folds: bool) -> re.Pattern[str]:
    """Return the regular expression of a LIKE pattern."""
    parts = [{"%": ".*", "_": "."}.get(c, re.escape(c)) for c in text]
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if folds else re.NOFLAG))


def like(left: Run, right: Run, *, folds: bool) -> Run:
    """Return ``left LIKE right``, or ILIKE."""

    def run(env: Env, running: Running) -> Any:
        value, wanted = left(env, running), right(env, running)
        if value is None or wanted is None:
            return None
        return pattern(wanted, folds=folds).fullmatch(value) is not None

    return run
