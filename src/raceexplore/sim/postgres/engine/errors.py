"""What the server answers instead of a result: an SQLSTATE, a message, and what it is about."""

from __future__ import annotations


class SqlError(Exception):
    """An error of the server, before it becomes the client library's exception.

    sqlstate: five characters, as in PostgreSQL's appendix A. position: of the offence in the text
    of the statement, from 1; 0 if there is none. table, constraint, detail and hint may be empty.
    """

    def __init__(
        self,
        sqlstate: str,
        message: str,
        *,
        position: int = 0,
        table: str = "",
        constraint: str = "",
        detail: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.sqlstate, self.message, self.position = sqlstate, message, position
        self.table, self.constraint, self.detail, self.hint = table, constraint, detail, hint


def serialization_failure(what: str) -> SqlError:
    """Return the error of a snapshot that is too old for what it wants: update or delete."""
    return SqlError("40001", f"could not serialize access due to concurrent {what}")
