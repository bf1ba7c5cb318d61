"""Statements: which compiler a tree goes to, and the commands that are about the session."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.transactions import Isolation
from raceexplore.sim.postgres.sql.insert import Insert
from raceexplore.sim.postgres.sql.parse import name_of, parse, unmodelled
from raceexplore.sim.postgres.sql.select import Making, Select
from raceexplore.sim.postgres.sql.strict import understood
from raceexplore.sim.postgres.sql.writes import Delete, Update

if TYPE_CHECKING:
    from raceexplore.sim.postgres.sql.locking import Result
    from raceexplore.sim.postgres.sql.tables import Catalog
    from raceexplore.sim.postgres.sql.values.scope import Running


class Plan:
    """A compiled statement, with what has to run before it.

    views: its common table expressions. subs: its sub-queries that lock.
    """

    __slots__ = ("body", "kinds", "subs", "views")

    def __init__(self, tree: Any, catalog: Catalog) -> None:
        making = Making(catalog)
        self.views: list[Any] = []
        clause = tree.args.get("with_") or tree.args.get("with")
        if clause is not None:
            if clause.args.get("recursive"):
                unmodelled("WITH RECURSIVE")
            for node in clause.expressions:
                view = compiled(node.this, making)
                making.views[name_of(node.args["alias"])] = view
                self.views.append(view)
        self.body = compiled(tree, making)
        self.subs = [sub for sub in making.subs if sub.locks]

    async def run(self, running: Running) -> Result:
        """Run the statement."""
        for view in self.views:
            running.memo[view] = (await view.run(running)).rows
        for sub in self.subs:
            await sub.prepare(running)
        result: Result = await self.body.run(running)
        return result


STATEMENTS: dict[str, Any] = {
    "Select": Select,
    "Insert": Insert,
    "Update": Update,
    "Delete": Delete,
}


def compiled(tree: Any, making: Making) -> Any:
    """Return a statement compiled. Raises `Unmodelled` for a kind that is not known."""
    kind = type(tree).__name__
    if kind in STATEMENTS:
        return STATEMENTS[kind](tree, making)
    if kind == "Create":
        unmodelled("CREATE while the program runs: give Postgres(schema=...) the whole schema")
    if kind == "Union":
        unmodelled("SELECT ... UNION")
    return unmodelled(tree.sql("postgres").split("(")[0][:60])


def plan(text: str, catalog: Catalog) -> Plan:
    """Return the statement ``text`` compiled, once for all runs of a campaign."""
    found = catalog.plans.get(text)
    if found is None:
        word = text.split(None, 1)[0].lower() if text.strip() else ""
        if word.isalpha() and word not in WORDS:
            where = text.index(word) + 1 if word in text else 1
            message = f'syntax error at or near "{text.split(None, 1)[0]}"'
            raise SqlError("42601", message, position=where)
        if "%s" in text and tree_has_placeholder(text):
            where = text.index("%s") + 1  # without parameters psycopg sends the text as it is
            raise SqlError("42601", 'syntax error at or near "%"', position=where)
        found = catalog.plans[text] = Plan(understood(parse(text)), catalog)
    assert isinstance(found, Plan)
    return found


def tree_has_placeholder(text: str) -> bool:
    """Return whether a parameter stands in the text as psycopg spells it."""
    return any(type(node).__name__ == "Placeholder" for node in parse(text).walk())


WORDS = frozenset(
    {"select", "insert", "update", "delete", "with", "create", "drop", "alter", "truncate", "lock"}
    | {"explain", "copy", "merge", "grant", "revoke", "vacuum", "analyze", "values", "table", "do"}
    | {
        "call",
        "declare",
        "fetch",
        "close",
        "prepare",
        "execute",
        "deallocate",
        "comment",
        "refresh",
    }
    | {"set", "reset", "show", "discard", "checkpoint", "reindex", "cluster", "load", "security"}
)


class Command(NamedTuple):
    """A command about the session or its transaction.

    kind: ``begin``, ``commit``, ``rollback``, ``savepoint``, ``back``, ``release``, ``set``,
    ``characteristics``, ``show``, ``listen``, ``unlisten`` or ``notify``. name and value: of what.
    """

    kind: str
    name: str = ""
    value: str = ""
    local: bool = False


_NAME = r'(?P<name>"[^"]+"|[\w.]+)'
_REST = r"(?P<value>.*)"
PATTERNS = [
    (kind, re.compile(rf"\s*{text}\s*;?\s*\Z", re.IGNORECASE | re.DOTALL))
    for kind, text in (
        ("begin", rf"(?:BEGIN|START\s+TRANSACTION)(?:\s+(?:WORK|TRANSACTION))?{_REST}"),
        ("commit", r"(?:COMMIT|END)(?:\s+(?:WORK|TRANSACTION))?"),
        ("back", rf"ROLLBACK\s+(?:(?:WORK|TRANSACTION)\s+)?TO\s+(?:SAVEPOINT\s+)?{_NAME}"),
        ("rollback", r"(?:ROLLBACK|ABORT)(?:\s+(?:WORK|TRANSACTION))?"),
        ("savepoint", rf"SAVEPOINT\s+{_NAME}"),
        ("release", rf"RELEASE\s+(?:SAVEPOINT\s+)?{_NAME}"),
        ("characteristics", rf"SET\s+TRANSACTION\s+{_REST}"),
        (
            "session characteristics",
            rf"SET\s+SESSION\s+CHARACTERISTICS\s+AS\s+TRANSACTION\s+{_REST}",
        ),
        ("local", rf"SET\s+LOCAL\s+{_NAME}\s*(?:=|\s+TO\s+)\s*{_REST}"),
        ("set", rf"SET\s+(?:SESSION\s+)?{_NAME}\s*(?:=|\s+TO\s+)\s*{_REST}"),
        ("show", r"SHOW\s+(?P<name>TRANSACTION\s+ISOLATION\s+LEVEL|[\w.]+)"),
        ("listen", rf"LISTEN\s+{_NAME}"),
        ("unlisten", r"UNLISTEN\s+(?P<name>\*|\w+)"),
        ("notify", rf"NOTIFY\s+{_NAME}(?:\s*,\s*'(?P<value>[^']*)')?"),
    )
]
FIRST = frozenset(
    {"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "set", "show"}
    | {"listen", "unlisten", "notify"}
)


@lru_cache(maxsize=10_000)
def command(text: str) -> Command | None:
    """Return the command that ``text`` is; None if it is a statement about rows."""
    words = text.split(None, 1)
    if not words or words[0].rstrip(";").lower() not in FIRST:
        return None
    for kind, pattern in PATTERNS:
        match = pattern.match(text)
        if match is not None:
            parts = match.groupdict()
            name, value = parts.get("name") or "", (parts.get("value") or "").strip(" ;'\"")
            folded = name[1:-1] if name.startswith('"') else name.lower()
            local = kind == "local"
            return Command("set" if local else kind, folded, value, local)
    message = f'syntax error at or near "{words[1].split()[0] if len(words) > 1 else words[0]}"'
    raise SqlError("42601", message, position=1 + text.index(words[0]))


def characteristics(text: str) -> tuple[Isolation | None, bool | None]:
    """Return the isolation and whether to read only, as ``BEGIN`` or ``SET TRANSACTION`` say."""
    words = " ".join(text.lower().replace(",", " ").split())
    isolation: Isolation | None = None
    if "isolation level" in words:
        level = words.split("isolation level", 1)[1].strip()
        found = [each for each in Isolation if level.startswith(each.value)]
        if level.startswith("read uncommitted"):
            found = [Isolation.READ_COMMITTED]
        if not found:
            raise SqlError("42601", f'syntax error at or near "{level.split()[0]}"')
        isolation = found[0]
    if "deferrable" in words and "not deferrable" not in words:
        unmodelled("BEGIN ... DEFERRABLE")
    read_only = True if "read only" in words else False if "read write" in words else None
    return isolation, read_only


def duration(text: str) -> float:
    """Return the seconds of a setting such as ``500``, ``1s`` or ``2 min``. Raises 22023."""
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?", text.strip())
    if match is None or float(match[1]) < 0:
        raise SqlError("22023", f'invalid value for parameter: "{text}"')
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
    return float(match[1]) * units[match[2] or "ms"]
