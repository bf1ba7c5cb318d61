"""``async with connection.transaction()``: a transaction, or a savepoint inside of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.levels import isolation
from raceexplore.sim.postgres.status import is_rollback

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Block:
    """``async with connection.transaction()``: committed at its end, rolled back on an error."""

    def __init__(self, connection: Any, name: str | None, *, force_rollback: bool) -> None:
        self.connection, self.savepoint_name = connection, name
        self._forced = force_rollback
        self._outer = False

    async def __aenter__(self) -> Self:
        connection = self.connection
        self._outer = connection._session.transaction is None  # noqa: SLF001 they are one
        connection._depth += 1  # noqa: SLF001
        if self._outer:
            level = isolation(connection.isolation_level)
            suffix = f" ISOLATION LEVEL {level.value.upper()}" if level is not None else ""
            if connection.read_only is not None:
                suffix += " READ ONLY" if connection.read_only else " READ WRITE"
            await connection.ask(f"BEGIN{suffix}", begins=False)
        if not self._outer or self.savepoint_name:
            self.savepoint_name = self.savepoint_name or f"_pg3_{connection._depth}"  # noqa: SLF001
            await connection.ask(f'SAVEPOINT "{self.savepoint_name}"', begins=False)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        connection = self.connection
        connection._depth -= 1  # noqa: SLF001
        if connection.closed:
            return False
        if error is None and not self._forced:
            await self._keep()
        elif error is None or isinstance(error, Exception):
            await self._take_back()
        else:  # cancelled: an await would only be cancelled again
            connection._session.roll_back()  # noqa: SLF001
        return is_rollback(error, self)

    async def _keep(self) -> None:
        if self.savepoint_name and not self._outer:
            await self.connection.ask(f'RELEASE "{self.savepoint_name}"', begins=False)
        else:
            await self.connection.ask("COMMIT", begins=False)

    async def _take_back(self) -> None:
        if self.savepoint_name and not self._outer:
            await self.connection.ask(f'ROLLBACK TO "{self.savepoint_name}"', begins=False)
            await self.connection.ask(f'RELEASE "{self.savepoint_name}"', begins=False)
        else:
            await self.connection.ask("ROLLBACK", begins=False)
