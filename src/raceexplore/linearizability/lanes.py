"""Draw a history in columns, one a client, one line for each call and each return."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from raceexplore.linearizability.history import Operation

WIDTH = 32
LINES = 60


def lanes(operations: Iterable[Operation], *, marked: Operation | None = None) -> list[str]:
    """Return the lines of the drawing, the last `LINES` of them where there are more.

    An operation begins where it was called, ends where it returned, and is a bar in between; one
    that never returned is its call with ``-> ?``. ``marked`` gets an arrow.
    """
    shown = list(operations)
    clients = list(dict.fromkeys(op.client for op in shown))
    rows = _rows(shown, clients)
    width = {c: max(len(c), *(len(row.get(c, "")) for row in rows.values())) for c in clients}
    title = "  ".join([" moment", *(c.ljust(width[c]) for c in clients)])
    lines = [title.rstrip()]
    for moment, row in rows.items():
        cells = "  ".join(row.get(c, "").ljust(width[c]) for c in clients).rstrip()
        arrow = "  <- !" if marked is not None and moment == marked.returned else ""
        lines.append(f"{moment:>7}  {cells}{arrow}")
    if len(lines) > LINES:
        lines[1 : 1 - LINES] = [f"    ...  {len(lines) - LINES} lines left out"]
    return lines


def _rows(operations: list[Operation], clients: list[str]) -> dict[int, dict[str, str]]:
    calls = {op.invoked: op for op in operations}
    returns = {op.returned: op for op in operations if op.returned is not None}
    going: dict[str, Operation] = {}
    rows: dict[int, dict[str, str]] = {}
    for moment in sorted(calls.keys() | returns.keys()):
        row = {client: "|" for client in clients if client in going}
        if op := calls.get(moment):
            row[op.client] = short(f"{op.called} -> ?" if op.info else op.called)
            if not op.info:
                going[op.client] = op
        elif op := returns.get(moment):
            row[op.client] = short(f"'{op.told}")
            going.pop(op.client, None)
        rows[moment] = row
    return rows


def short(text: str) -> str:
    """Return ``text`` in one line of at most `WIDTH` printable characters."""
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return plain if len(plain) <= WIDTH else plain[: WIDTH - 3] + "..."
