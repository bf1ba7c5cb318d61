"""Commands about a session or its transaction: BEGIN, SAVEPOINT, SET, LISTEN and their like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.sql.parse import unmodelled
from raceexplore.sim.postgres.sql.statements import Command, characteristics, duration

if TYPE_CHECKING:
    from raceexplore.sim.postgres.engine.transactions import Transaction
    from raceexplore.sim.postgres.session import Session

TIMEOUTS = {
    "lock_timeout": "lock_s",
    "statement_timeout": "statement_s",
    "idle_in_transaction_session_timeout": "idle_s",
    "deadlock_timeout": "deadlock_s",
}


def _begin(session: Session, order: Command) -> str:
    isolation, read_only = characteristics(order.value)
    if session.transaction is None:
        session.begin(isolation, read_only)
        session.explicit = True
    return "BEGIN"


def _savepoint(session: Session, order: Command) -> str:
    transaction = _needed(session, "SAVEPOINT")
    session.savepoints.append((order.name, len(transaction.undo)))
    return "SAVEPOINT"


def _find(session: Session, order: Command) -> int:
    names = [name for name, _ in session.savepoints]
    if order.name not in names:
        raise SqlError("3B001", f'savepoint "{order.name}" does not exist')
    return len(names) - 1 - names[::-1].index(order.name)


def _back(session: Session, order: Command) -> str:
    transaction = _needed(session, "ROLLBACK TO SAVEPOINT")
    place = _find(session, order)
    session.database.roll_back_to(transaction, session.savepoints[place][1])
    del session.savepoints[place + 1 :]
    session.failed = False
    return "ROLLBACK"


def _release(session: Session, order: Command) -> str:
    _needed(session, "RELEASE SAVEPOINT")
    del session.savepoints[_find(session, order) :]
    return "RELEASE"


def _needed(session: Session, word: str) -> Transaction:
    if session.transaction is None:
        raise SqlError("25P01", f"{word} can only be used in transaction blocks")
    return session.transaction


def _characteristics(session: Session, order: Command) -> str:
    isolation, read_only = characteristics(order.value)
    transaction = session.transaction
    if transaction is not None:
        if isolation is not None and isolation is not transaction.isolation and transaction.command:
            message = "SET TRANSACTION ISOLATION LEVEL must be called before any query"
            raise SqlError("25001", message)
        transaction.isolation = isolation or transaction.isolation
        transaction.read_only = transaction.read_only if read_only is None else read_only
    return "SET"


def _session_characteristics(session: Session, order: Command) -> str:
    isolation, read_only = characteristics(order.value)
    session.isolation = isolation or session.isolation
    session.read_only = session.read_only if read_only is None else read_only
    return "SET"


def _set(session: Session, order: Command) -> str:
    if order.name in TIMEOUTS:
        field = TIMEOUTS[order.name]
        if order.local:
            session.settings.setdefault(field, getattr(session.patience, field))
        setattr(session.patience, field, duration(order.value))
    elif order.name == "default_transaction_isolation":
        session.isolation = (
            characteristics(f"isolation level {order.value}")[0] or session.isolation
        )
    elif order.name == "transaction_isolation":
        return _characteristics(session, order._replace(value=f"isolation level {order.value}"))
    elif order.name not in {"application_name", "timezone", "client_encoding", "search_path"}:
        unmodelled(f"SET {order.name}")
    return "SET"


def _show(session: Session, order: Command) -> str:
    name = order.name.replace(" ", "_").replace("_level", "")
    if name == "transaction_isolation":
        transaction = session.transaction
        return (session.isolation if transaction is None else transaction.isolation).value
    if name in TIMEOUTS:
        return spelled(getattr(session.patience, TIMEOUTS[name]))
    return unmodelled(f"SHOW {order.name}")


def spelled(seconds: float) -> str:
    """Return a time-out as the server shows it: in the largest unit that leaves no rest."""
    left = round(seconds * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if left and left % size == 0:
            return f"{left // size}{unit}"
    return f"{left}ms" if left else "0"


def _listen(session: Session, order: Command) -> str:
    session.database.telling.other(f"channel {order.name}")
    session.channels[order.name] = None
    return "LISTEN"


def _unlisten(session: Session, order: Command) -> str:
    if order.name == "*":
        session.channels.clear()
    session.channels.pop(order.name, None)
    return "UNLISTEN"


def _notify(session: Session, order: Command) -> str:
    alone = session.transaction is None
    if alone:
        session.begin(None, None)
    session.functions.notify(order.name, order.value)
    if alone:
        session.commit()
    return "NOTIFY"


HANDLERS = {
    "begin": _begin,
    "commit": lambda session, _: session.commit(),
    "rollback": lambda session, _: session.roll_back(),
    "savepoint": _savepoint,
    "back": _back,
    "release": _release,
    "characteristics": _characteristics,
    "session characteristics": _session_characteristics,
    "set": _set,
    "show": _show,
    "listen": _listen,
    "unlisten": _unlisten,
    "notify": _notify,
}
