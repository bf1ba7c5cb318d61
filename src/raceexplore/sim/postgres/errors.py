"""The exceptions that a client gets: psycopg's own where it is installed, else their like."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raceexplore.sim.postgres.engine.errors import SqlError


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:  # not installed, or it finds no libpq
        return None


_psycopg: Any = _library("psycopg")
_theirs: Any = _library("psycopg.errors")

BASES = {
    "DataError": ("22001", "22003", "22007", "22012", "22023", "22P02", "2201W"),
    "IntegrityError": ("23502", "23503", "23505", "23514"),
    "InternalError": ("25000", "25001", "25006", "25P01", "25P02", "3B001"),
    "OperationalError": ("08006", "40001", "40P01", "55000", "55P03", "57014", "25P03"),
    "ProgrammingError": (
        "21000", "428C9", "42601", "42702", "42703", "42704", "42712", "42803", "42804", "42830",
        "42883", "42P01", "42P07", "42P10",
    ),
    "NotSupportedError": ("0A000",),
}  # fmt: skip
NAMES = {
    "40001": "SerializationFailure",
    "40P01": "DeadlockDetected",
    "55P03": "LockNotAvailable",
    "57014": "QueryCanceled",
    "25P02": "InFailedSqlTransaction",
    "25P03": "IdleInTransactionSessionTimeout",
    "23502": "NotNullViolation",
    "23503": "ForeignKeyViolation",
    "23505": "UniqueViolation",
    "23514": "CheckViolation",
    "42601": "SyntaxError",
    "42703": "UndefinedColumn",
    "42P01": "UndefinedTable",
}


class _Error(Exception):
    """What psycopg's ``Error`` is where that is not installed; sqlstate: five characters."""

    sqlstate: str | None = None
    diag: Any = None


def _made() -> dict[str, type[Exception]]:
    """Return classes by name and by SQLSTATE, in the order of inheritance that DB-API 2 wants."""
    found: dict[str, type[Exception]] = {"Error": _Error}
    found["InterfaceError"] = type("InterfaceError", (_Error,), {})
    found["DatabaseError"] = type("DatabaseError", (_Error,), {})
    for base, states in BASES.items():
        parent = found[base] = type(base, (found["DatabaseError"],), {})
        for state in states:
            name = NAMES.get(state, f"Error{state}")
            found[state] = found[name] = type(name, (parent,), {"sqlstate": state})
    return found


_own = _made()


def __getattr__(name: str) -> Any:
    """Return an exception class by the name that it has in ``psycopg.errors``."""
    if _theirs is not None and hasattr(_theirs, name):
        return getattr(_theirs, name)
    if name in _own:
        return _own[name]
    raise AttributeError(name)


ERROR: type[Exception] = __getattr__("Error")


def translated(error: SqlError, text: str) -> Exception:
    """Return ``error`` of the statement ``text`` as the client library's exception."""
    message = error.message
    if error.position:
        message += _pointed(text, error.position)
    if error.detail:
        message += f"\nDETAIL:  {error.detail}"
    if error.hint:
        message += f"\nHINT:  {error.hint}"
    if _psycopg is None:
        kind = _own.get(error.sqlstate, _own["ProgrammingError"])
        return kind(message)
    return _of_psycopg(error, message)


def rollback() -> type[BaseException] | None:
    """Return psycopg's ``Rollback``; None where it is not installed."""
    kind: type[BaseException] | None = None if _psycopg is None else _psycopg.Rollback
    return kind


def closed(message: str) -> Exception:
    """Return the exception for the use of a connection that is closed."""
    found: Exception = __getattr__("OperationalError")(message)
    return found


def unresolved() -> Exception:
    """Return the exception for a server whose name is not resolved."""
    return closed("failed to resolve host: [Errno -3] Temporary failure in name resolution")


def _of_psycopg(error: SqlError, message: str) -> Exception:
    if not error.sqlstate:
        found: Exception = _psycopg.ProgrammingError(message)
        return found
    try:
        kind = _theirs.lookup(error.sqlstate)
    except KeyError:
        kind = _psycopg.DatabaseError
    field = _psycopg.pq.DiagnosticField
    parts = {
        field.SEVERITY: "ERROR",
        field.SQLSTATE: error.sqlstate,
        field.MESSAGE_PRIMARY: error.message,
        field.MESSAGE_DETAIL: error.detail,
        field.MESSAGE_HINT: error.hint,
        field.STATEMENT_POSITION: str(error.position or ""),
        field.TABLE_NAME: error.table,
        field.CONSTRAINT_NAME: error.constraint,
    }
    info = {key: text.encode() if text else None for key, text in parts.items()}
    made: Exception = kind(message, info=info, encoding="utf-8")
    return made


def _pointed(text: str, position: int) -> str:
    """Return the line that ``position`` is in, and a mark below it, as psql shows them."""
    before = text[: position - 1]
    number, start = before.count("\n") + 1, before.rfind("\n") + 1
    line = text[start:].split("\n", 1)[0]
    head = f"LINE {number}: "
    return f"\n{head}{line}\n{' ' * (len(head) + position - 1 - start)}^"
