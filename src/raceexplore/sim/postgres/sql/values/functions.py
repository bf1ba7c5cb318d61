"""Functions of SQL: those of values, those of the session, and those that wait."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.sql.parse import position, unmodelled
from raceexplore.sim.postgres.sql.values.numbers import rounded
from raceexplore.sim.postgres.sql.values.operators import CASTS, converted
from raceexplore.sim.postgres.sql.values.scope import Expression
from raceexplore.sim.postgres.sql.values.types import (
    BOOL,
    INT4,
    INT8,
    TEXT,
    TIMESTAMPTZ,
    UNKNOWN,
    as_text,
    common,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.sql.values.scope import Env, Running
    from raceexplore.sim.postgres.sql.values.types import Type

# What sqlglot has a class for.
FUNCTIONS = frozenset(
    {"Coalesce", "Nullif", "Greatest", "Least", "Abs", "Length", "Lower", "Upper", "Round"}
    | {"Concat", "Substring", "Trim", "Floor", "Ceil"}
)
PLAIN: dict[str, tuple[Callable[..., Any], Type]] = {
    "abs": (abs, UNKNOWN),
    "length": (len, INT4),
    "lower": (str.lower, TEXT),
    "upper": (str.upper, TEXT),
    "round": (rounded, UNKNOWN),
    "floor": (lambda value: Decimal(value).to_integral_value("ROUND_FLOOR"), UNKNOWN),
    "ceil": (lambda value: Decimal(value).to_integral_value("ROUND_CEILING"), UNKNOWN),
    "nullif": (lambda value, other: None if value == other else value, UNKNOWN),
}
SESSION: dict[str, tuple[str, Type]] = {
    "nextval": ("next_value", INT8),
    "currval": ("current_value", INT8),
    "setval": ("set_value", INT8),
    "pg_try_advisory_lock": ("try_advisory", BOOL),
    "pg_try_advisory_xact_lock": ("try_advisory_in_transaction", BOOL),
    "pg_try_advisory_lock_shared": ("try_advisory_shared", BOOL),
    "pg_try_advisory_xact_lock_shared": ("try_advisory_shared_in_transaction", BOOL),
    "lastval": ("last_value", INT8),
    "pg_advisory_unlock": ("unlock_advisory", BOOL),
    "pg_advisory_unlock_shared": ("unlock_advisory_shared", BOOL),
    "pg_advisory_unlock_all": ("unlock_all_advisory", TEXT),
    "pg_backend_pid": ("number", INT4),
    "pg_notify": ("notify", TEXT),
    "clock_timestamp": ("clock", TIMESTAMPTZ),
    "statement_timestamp": ("clock", TIMESTAMPTZ),
    "transaction_timestamp": ("now", TIMESTAMPTZ),
}
WAITING = {
    "pg_advisory_lock": "lock_advisory",
    "pg_advisory_xact_lock": "lock_advisory_in_transaction",
    "pg_advisory_lock_shared": "lock_advisory_shared",
    "pg_advisory_xact_lock_shared": "lock_advisory_shared_in_transaction",
    "pg_sleep": "sleep",
}


def call(name: str, arguments: list[Expression], compiler: Any, node: Any) -> Expression:
    """Return a call of the function ``name``."""
    if name == "coalesce":
        return _coalesce(arguments)
    if name in {"greatest", "least"}:
        return _extreme(name, arguments)
    if name == "concat":
        runs = [argument.run for argument in arguments]
        return Expression(
            lambda env, running: "".join(as_text(v) for r in runs if (v := r(env, running))), TEXT
        )
    if name in PLAIN:
        return _plain(name, arguments)
    if name in SESSION:
        return _of_session(name, arguments)
    if name in WAITING:
        return _waiting(name, arguments, compiler, node)
    if name in KNOWN_ELSEWHERE:
        unmodelled(node.sql("postgres"))
    kinds = ", ".join(argument.kind.words for argument in arguments)
    raise SqlError(
        "42883",
        f"function {name}({kinds}) does not exist",
        position=position(node),
        hint=f"No function matches the given name and argument types. {CASTS}",
    )


KNOWN_ELSEWHERE = frozenset(
    {"gen_random_uuid", "row", "date_trunc", "to_char", "random", "md5", "array_agg", "json_agg"}
    | {"jsonb_set", "jsonb_build_object", "string_agg", "row_number", "generate_series", "age"}
    | {"current_setting", "set_config", "txid_current", "pg_blocking_pids", "substring", "trim"}
)


def _coalesce(arguments: list[Expression]) -> Expression:
    kind = common([argument.kind for argument in arguments])
    runs = [converted(argument, kind) for argument in arguments]

    def first(env: Env, running: Running) -> Any:
        for run in runs:
            value = run(env, running)
            if value is not None:
                return value
        return None

    return Expression(first, kind, "coalesce")


def _extreme(name: str, arguments: list[Expression]) -> Expression:
    kind = common([argument.kind for argument in arguments])
    runs = [converted(argument, kind) for argument in arguments]
    choose = max if name == "greatest" else min

    def extreme(env: Env, running: Running) -> Any:
        values = [v for run in runs if (v := run(env, running)) is not None]
        return choose(values) if values else None

    return Expression(extreme, kind, name)


def _plain(name: str, arguments: list[Expression]) -> Expression:
    function, kind = PLAIN[name]
    runs = [argument.run for argument in arguments]

    def run(env: Env, running: Running) -> Any:
        values = [run(env, running) for run in runs]
        return None if values[0] is None else function(*values)

    return Expression(run, arguments[0].kind if kind is UNKNOWN and arguments else kind, name)


def _of_session(name: str, arguments: list[Expression]) -> Expression:
    method, kind = SESSION[name]
    runs = [argument.run for argument in arguments]

    def run(env: Env, running: Running) -> Any:
        return getattr(running.session, method)(*[run(env, running) for run in runs])

    return Expression(run, kind, name)


def _waiting(name: str, arguments: list[Expression], compiler: Any, node: Any) -> Expression:
    """Return what was got by waiting, before the row is put together."""
    if compiler.waits is None:
        unmodelled(f"{node.sql('postgres')} anywhere but in the list of a SELECT")
    key = ("wait", len(compiler.waits))
    compiler.waits.append((key, WAITING[name], arguments))
    return Expression(lambda _, running: running.memo.get(key), TEXT, name)
