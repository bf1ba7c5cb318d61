"""From the text of a statement to its tree; what is wrong with it has a position."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.unmodelled import Unmodelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLACEHOLDER = re.compile(r"%(?:\((?P<name>[^)]*)\))?(?P<kind>.?)", re.DOTALL)
PARAMETER = re.compile(r"\$\d")
REMEMBERED = 10_000  # statements of a campaign


def unmodelled(what: str) -> NoReturn:
    """Refuse ``what``, which is named as SQL spells it."""
    raise Unmodelled(f"Unmodelled: {what}")


class Query(NamedTuple):
    """A statement in the server's own spelling, ``$1`` for a parameter.

    names: of the parameters, in the order of their numbers; None: they have none.
    """

    text: str
    names: tuple[str, ...] | None
    width: int


@lru_cache(maxsize=REMEMBERED)
def numbered(text: str) -> Query:
    """Return ``text`` with psycopg's ``%s`` and ``%(name)s`` numbered. Raises `SqlError`."""
    names: dict[str, int] = {}
    count = 0

    def number(match: re.Match[str]) -> str:
        nonlocal count
        name, kind = match["name"], match["kind"]
        if name is None and kind == "%":
            return "%"
        if kind not in {"s", "b", "t"}:
            allowed = "only '%s', '%b', '%t' are allowed as placeholders"
            raise SqlError("", f"{allowed}, got '%{kind}'")
        if (name is None and names) or (name is not None and count):
            raise SqlError("", "positional and named placeholders cannot be mixed")
        if name is not None:
            return f"${names.setdefault(name, len(names) + 1)}"
        count += 1
        return f"${count}"

    spelled = PLACEHOLDER.sub(number, text)
    return Query(spelled, tuple(names) if names else None, len(names) or count)


def arguments(query: Query, params: Sequence[Any] | Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values of the parameters in order. Raises `SqlError` if they do not fit."""
    if query.names is not None:
        if not hasattr(params, "keys"):
            raise SqlError("", "named placeholders need a mapping of parameters")
        missing = [name for name in query.names if name not in params]
        if missing:
            raise SqlError("", f"query parameter missing: {', '.join(sorted(missing))}")
        return tuple([params[name] for name in query.names])  # type: ignore[call-overload]
    if len(params) != query.width:
        raise SqlError(
            "",
            f"the query has {query.width} placeholders but {len(params)} parameters were passed",
        )
    return tuple(params)


@lru_cache(maxsize=REMEMBERED)
def parse(text: str) -> Any:
    """Return the tree of one statement. Raises `SqlError` 42601 for what is no SQL."""
    trees = script(text)
    if len(trees) != 1:
        if not trees:
            unmodelled("an empty statement")
        if PARAMETER.search(text):
            raise SqlError("42601", "cannot insert multiple commands into a prepared statement")
        unmodelled("several statements in one execute()")
    return trees[0]


def script(text: str) -> list[Any]:
    """Return the trees of the statements of ``text``."""
    sqlglot = library()
    try:
        return [tree for tree in sqlglot.parse(text, read="postgres") if tree is not None]
    except sqlglot.errors.ParseError as error:
        first = error.errors[0] if error.errors else {}
        line, column = first.get("line") or 1, first.get("col") or 0
        word = first.get("highlight") or ""
        start = sum(len(part) + 1 for part in text.split("\n")[: line - 1])
        position = max(1, start + column - len(word) + 1)
        whole = text.rstrip(" \t\n;")
        ends = position - 1 + len(word) >= len(whole) and "Required keyword" in first["description"]
        if not word or ends:
            message, position = "syntax error at end of input", len(whole) + 1
        else:
            message = f'syntax error at or near "{word}"'
        raise SqlError("42601", message, position=position) from None
    except sqlglot.errors.TokenError:
        raise SqlError("42601", "unterminated quoted string or comment", position=1) from None


def library() -> Any:
    """Return sqlglot. Raises `ImportError` with the command that installs it."""
    try:
        import sqlglot
    except ImportError as error:
        raise ImportError(
            "the simulated PostgreSQL parses SQL with sqlglot: pip install 'raceexplore[sim]'"
        ) from error
    return sqlglot


def position(node: Any) -> int:
    """Return where ``node`` stands in the text of its statement, from 1; 0 if nobody knows."""
    first = [part.meta["start"] for part in node.walk() if part.meta.get("start") is not None]
    if type(node).__name__ == "Column":  # its table stands before its name
        return int(min(first, default=-1)) + 1
    return int(first[0]) + 1 if first else 0


def name_of(node: Any) -> str:
    """Return the name of an identifier as the server folds it: lower case unless quoted."""
    inner = node
    while inner is not None and type(inner).__name__ != "Identifier":
        inner = inner.this
    if inner is None:
        return ""
    return str(inner.this) if inner.args.get("quoted") else str(inner.this).lower()
