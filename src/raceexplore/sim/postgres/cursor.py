"""A cursor in the shape of psycopg's: execute, and fetch what the statement gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from raceexplore.sim.postgres import errors
from raceexplore.sim.postgres.sql.parse import unmodelled
from raceexplore.sim.postgres.sql.values.types import OIDS, TEXT, TEXT_OID
from raceexplore.sim.postgres.status import refuse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from types import TracebackType
    from typing import Self

    from raceexplore.sim.postgres.connection import AsyncConnection


class Column(NamedTuple):
    """What ``description`` says of a column; DB-API 2 wants seven items."""

    name: str
    type_code: int = 0
    display_size: int | None = None
    internal_size: int | None = None
    precision: int | None = None
    scale: int | None = None
    null_ok: bool | None = None


class Names:
    """Stands for libpq's result where a row factory of psycopg's asks for the names of columns."""

    status = 2  # PGRES_TUPLES_OK

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names, self.nfields = names, len(names)

    def fname(self, column: int) -> bytes:
        """Return the name of a column."""
        return self._names[column].encode()


def tuple_row(_: AsyncCursor) -> Callable[[Any], Any]:
    """Make each row a tuple."""
    return tuple


def dict_row(cursor: AsyncCursor) -> Callable[[Any], Any]:
    """Make each row a dict by the names of the columns."""
    names = [column.name for column in cursor.description or ()]
    return lambda values: dict(zip(names, values, strict=True))


def scalar_row(_: AsyncCursor) -> Callable[[Any], Any]:
    """Make each row its first value."""
    return lambda values: values[0]


class AsyncCursor:
    """The result of the statement that it ran last.

    rowcount: how many rows were given or touched; -1 before. statusmessage: the server's word.
    description: the columns; None if the statement gives no rows.
    """

    _encoding = "utf-8"  # row factories of psycopg's ask for it
    arraysize = 1

    def __init__(self, connection: AsyncConnection, row_factory: Any = None) -> None:
        self.connection = connection
        self.row_factory = row_factory or tuple_row
        self.rowcount = -1
        self.statusmessage: str | None = None
        self.description: list[Column] | None = None
        self.pgresult: Names | None = None
        self.closed = False
        self._rows: list[Any] | None = None
        self._next = 0
        self._unread = True  # there is no result to look at

    async def execute(self, query: Any, params: Any = None, **options: object) -> Self:
        """Run one statement; ``%s`` and ``%(name)s`` stand for parameters."""
        if self.closed:
            raise errors.__getattr__("InterfaceError")("the cursor is closed")
        result, body = await self.connection.ask(query, params)
        self.connection.changed(self)
        self._unread = False
        rows, self.rowcount = result.rows, result.touched
        counted = result.touched >= 0 and result.tag != "SHOW"
        number = f" 0 {result.touched}" if result.tag == "INSERT" else f" {result.touched}"
        self.statusmessage = result.tag + (number if counted else "")
        self._next = 0
        names = body.names if body is not None else ("setting",) * (rows is not None)
        kinds = body.types if body is not None else (TEXT,) * len(names)
        pairs = zip(names, kinds, strict=True)
        described = [Column(name, OIDS.get(kind.name, TEXT_OID)) for name, kind in pairs]
        self.description = described if rows is not None else None
        self.pgresult = Names(tuple(names)) if rows is not None else None
        if rows is None:
            self._rows = None
        else:
            make = self.row_factory(self)
            self._rows = [make(values) for values in rows]
        return self

    @property
    def rownumber(self) -> int | None:
        """The number of the row that comes next; None if the statement gives no rows."""
        self.connection.changed(self)
        return None if self._rows is None else self._next

    async def scroll(self, value: int, mode: str = "relative") -> None:
        """Move to another row. Raises `IndexError` where there is none."""
        rows = self._given()
        if mode not in {"relative", "absolute"}:
            raise ValueError(f"bad mode: {mode}. It should be 'relative' or 'absolute'")
        place = value + (self._next if mode == "relative" else 0)
        if not 0 <= place < len(rows):
            raise IndexError("position out of bound")
        self._next = place

    async def stream(self, query: Any, params: Any = None, **options: object) -> AsyncIterator[Any]:
        """Run one statement and yield its rows; it is read to its end at once."""
        await self.execute(query, params, **options)
        while (row := await self.fetchone()) is not None:
            yield row

    def copy(self, statement: Any, params: Any = None) -> NoReturn:
        """Refuse COPY."""
        unmodelled("AsyncCursor.copy()")

    async def executemany(
        self,
        query: Any,
        params_seq: Iterable[Any],
        *,
        returning: bool = False,
    ) -> None:
        """Run the statement once for each of ``params_seq``."""
        if returning:
            unmodelled("executemany(..., returning=True)")
        total = 0
        for params in params_seq:
            await self.execute(query, params)
            total += self.rowcount
        self.rowcount, self._rows, self.description = total, None, None
        self._unread = True

    async def fetchone(self) -> Any:
        """Return the next row, or None."""
        rows = self._given()
        if self._next >= len(rows):
            return None
        self._next += 1
        return rows[self._next - 1]

    async def fetchmany(self, size: int = 0) -> list[Any]:
        """Return the next ``size`` rows, or fewer; 0: ``arraysize`` of them."""
        found = self._given()[self._next : self._next + (size or self.arraysize)]
        self._next += len(found)
        return found

    async def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        found = self._given()[self._next :]
        self._next += len(found)
        return found

    async def __aiter__(self) -> AsyncIterator[Any]:
        while (row := await self.fetchone()) is not None:
            yield row

    def _given(self) -> list[Any]:
        self.connection.changed(self)
        if self.closed:
            raise errors.__getattr__("InterfaceError")("the cursor is closed")
        if self._unread:
            refuse("no result available")
        if self._rows is None:
            message = "the last operation didn't produce records (command status: "
            status = self.statusmessage or "no result"
            raise errors.__getattr__("ProgrammingError")(f"{message}{status})")
        return self._rows

    async def close(self) -> None:
        """Close the cursor."""
        self.connection.changed(self)
        self.closed, self._rows = True, None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.closed, self._rows = True, None
