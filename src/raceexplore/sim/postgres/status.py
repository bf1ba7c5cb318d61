"""What psycopg tells of a connection beside its results: its status, what may be set when."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple, NoReturn

from raceexplore.sim.postgres import errors

VERSION = 150018  # of the server whose answers the tests compare


class TransactionStatus(IntEnum):
    """libpq's states of a connection, by the names and numbers that they have there."""

    IDLE = 0
    ACTIVE = 1
    INTRANS = 2
    INERROR = 3
    UNKNOWN = 4


class ConnectionInfo(NamedTuple):
    """What ``connection.info`` tells."""

    transaction_status: TransactionStatus
    backend_pid: int
    server_version: int = VERSION
    encoding: str = "utf-8"


FORBIDDEN = {
    "commit": "Explicit commit() forbidden within a Transaction context. (Transaction will be"
    " automatically committed on successful exit from context.)",
    "rollback": "Explicit rollback() forbidden within a Transaction context. (Either raise"
    " Rollback() or allow an exception to propagate out of the context.)",
}


def refuse(message: str) -> NoReturn:
    """Raise psycopg's ``ProgrammingError``."""
    raise errors.__getattr__("ProgrammingError")(message)


def must_be_idle(info: ConnectionInfo, setting: str, *, depth: int) -> None:
    """Raise psycopg's error for a setting that is changed in a transaction."""
    status = info.transaction_status
    if status is TransactionStatus.IDLE:
        return
    if depth:
        refuse(f"can't change {setting!r} now: connection.transaction() context in progress")
    name = status.name
    refuse(f"can't change {setting!r} now: connection in transaction status {name}")


def text_of(query: Any) -> str:
    """Return the text of a statement: a string, bytes, or one of psycopg's ``sql`` objects."""
    if isinstance(query, str):
        return query
    if isinstance(query, bytes):
        return query.decode()
    spelled: str = query.as_string(None)
    return spelled


def is_rollback(error: BaseException | None, block: object) -> bool:
    """Return whether ``error`` is psycopg's ``Rollback`` of this block, which ends there."""
    kind = errors.rollback()
    if kind is None or not isinstance(error, kind):
        return False
    return getattr(error, "transaction", None) in (None, block)
