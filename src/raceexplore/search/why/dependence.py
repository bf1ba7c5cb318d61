"""What a failure depends on, line by line: a backward slice of the program by the run that failed.

A statement depends on what binds the variables that it uses, on the tests that it stands under, on
those who call its function, and on whatever has written the locations that it reads: the last is
known from the run, all else from the source. (Weiser, "Program slicing", 1984; Agrawal and Horgan,
"Dynamic program slicing", 1990, approach 1.) Calls are matched by name alone, which adds too much
and leaves nothing out that is called by its name.
"""

from __future__ import annotations

import ast
import linecache
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.fence.hostile import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from raceexplore.kernel.events.trace import Access, Event
    from raceexplore.kernel.outcome import Failure

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)
STATEMENTS_MAX = 2_000  # of a slice; a larger one tells nothing


class Slice(NamedTuple):
    """What a failure may depend on: ``file:line`` of each place, and the locations read there.

    Each with the least number of steps that lie between it and the failing line.
    """

    lines: frozenset[str]
    resources: Mapping[object, int]


def slice_of(events: Sequence[Event], failure: Failure) -> Slice | None:
    """Return what ``failure`` depends on; None where no line of an observed file has failed."""
    places = [wait.site for wait in failure.waits] or [failure.site]
    seeds = [f"{site.file}:{site.line}" for site in places if site.file]
    accesses = [access for event in events for access in event.accesses if access.line]
    seen_files = {access.line.rpartition(":")[0] for access in accesses}
    seeds = [seed for seed in seeds if seed.rpartition(":")[0] in seen_files]
    if not seeds or failure.kind == "invariant":
        return None
    return _Slicing(accesses, seen_files).slice(seeds)


class _Slicing:
    def __init__(self, accesses: Iterable[Access], files: Iterable[str]) -> None:
        self._sources = [_source(file, _text(file)) for file in sorted(files)]
        self._by_file = {source.file: source for source in self._sources}
        self._at: dict[str, list[Access]] = {}
        self._writes: dict[object, dict[str, None]] = {}  # by object: where it was written
        for access in accesses:
            self._at.setdefault(access.line, []).append(access)
            if access.write:
                self._writes.setdefault(access.resource[0], {})[access.line] = None

    def slice(self, seeds: Iterable[str]) -> Slice | None:
        """Return all that ``seeds`` depend on; None if it is too much to tell anything."""
        done: dict[tuple[str, ast.stmt], None] = {}
        left = deque((0, found) for seed in seeds for found in self._statements(seed))
        lines: dict[str, None] = {}
        resources: dict[object, int] = {}
        while left:
            steps, found = left.popleft()
            file, statement = found
            if found in done:
                continue
            done[found] = None
            if len(done) > STATEMENTS_MAX:
                return None
            lines |= dict.fromkeys(_lines_of(file, statement))
            for access in self._looks(file, statement):
                resources.setdefault(access.resource, steps)
                for writer in self._writers(access):
                    left += [(steps + 1, one) for one in self._statements(writer)]
            left += [(steps + 1, one) for one in self._needed(file, statement)]
        return Slice(frozenset(lines), resources)

    def _looks(self, file: str, statement: ast.stmt) -> Iterator[Access]:
        """Yield the accesses of a statement whose values it depends on."""
        for line in _lines_of(file, statement):
            for access in self._at.get(line, ()):
                if not access.write or _reads_what_it_writes(statement):
                    yield access

    def _writers(self, read: Access) -> Iterator[str]:
        """Yield the lines that have written what was read."""
        for line in self._writes.get(read.resource[0], ()):
            if any(a.write and _meet(a, read) for a in self._at[line]):
                yield line

    def _statements(self, place: str) -> list[tuple[str, ast.stmt]]:
        file, _, number = place.rpartition(":")
        source = self._by_file.get(file)
        found = source.at(int(number)) if source is not None else None
        return [(file, found)] if found is not None else []

    def _needed(self, file: str, statement: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
        """Yield the statements that ``statement`` depends on, by the source."""
        source = self._by_file[file]
        for test in source.tests(statement):
            yield file, test
        used = _names_used(statement)
        function: Function | None = source.function_of(statement)
        while function is not None and used:
            bound = source.bindings(function)
            for name in sorted(used):
                yield from ((file, one) for one in bound.get(name, ()))
            used -= _parameters(function) | bound.keys()
            function = source.around(function)
        own = source.function_of(statement)
        if isinstance(own, FUNCTIONS):
            yield from self._calls_of(own.name)
        for name in _names_called(statement):
            for one in self._sources:
                yield from ((one.file, back) for back in one.returns(name))

    def _calls_of(self, name: str) -> Iterator[tuple[str, ast.stmt]]:
        """Yield the statements that name a function, which call it or hand it on."""
        for source in self._sources:
            yield from ((source.file, one) for one in source.mentions(name))


class _Source:
    """The statements of one file."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.file = file
        self._above: dict[ast.stmt, ast.AST] = {}
        self._function: dict[ast.AST, Function | None] = {}
        self._by_line: dict[int, ast.stmt] = {}
        self._mentions: dict[str, list[ast.stmt]] = {}
        self._returns: dict[str, list[ast.stmt]] = {}
        self._bindings: dict[Function, dict[str, list[ast.stmt]]] = {}
        self._enter(tree, None)

    def _enter(self, node: ast.AST, function: Function | None) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self._note(child, node, function)
            inner = child if isinstance(child, FUNCTIONS) else function
            self._enter(child, inner)

    def _note(self, statement: ast.stmt, above: ast.AST, function: Function | None) -> None:
        self._above[statement], self._function[statement] = above, function
        for line in range(statement.lineno, _end(statement) + 1):
            self._by_line[line] = statement
        if isinstance(statement, FUNCTIONS):
            return
        for name in _names_used(statement):
            self._mentions.setdefault(name, []).append(statement)
        if function is None:
            return
        for name in _names_bound(statement):
            self._bindings.setdefault(function, {}).setdefault(name, []).append(statement)
        if isinstance(statement, ast.Return) and isinstance(function, FUNCTIONS):
            self._returns.setdefault(function.name, []).append(statement)

    def at(self, line: int) -> ast.stmt | None:
        """Return the innermost statement with that line."""
        return self._by_line.get(line)

    def function_of(self, statement: ast.stmt) -> Function | None:
        """Return the function that a statement is in."""
        return self._function.get(statement)

    def around(self, function: Function) -> Function | None:
        """Return the function that another one is defined in."""
        return self._function.get(function)

    def bindings(self, function: Function) -> dict[str, list[ast.stmt]]:
        """Return which statements of a function bind each of its variables."""
        return self._bindings.get(function, {})

    def mentions(self, name: str) -> list[ast.stmt]:
        """Return the statements that name a function or a method."""
        return self._mentions.get(name, [])

    def returns(self, name: str) -> list[ast.stmt]:
        """Return what functions of that name return."""
        return self._returns.get(name, [])

    def tests(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        """Yield the statements that decide whether ``statement`` is reached."""
        above: ast.AST | None = statement
        while isinstance(above, ast.stmt) and not isinstance(above, FUNCTIONS):
            parent = self._above.get(above)
            yield from self._guards(parent, above)
            if isinstance(parent, ast.If | ast.While | ast.For | ast.AsyncFor | ast.Match):
                yield parent
            above = parent

    def _guards(self, parent: ast.AST | None, statement: ast.stmt) -> Iterator[ast.stmt]:
        """Yield the tests before ``statement``, in its block, that may leave the block."""
        blocks = [getattr(parent, name, None) for name in ("body", "orelse", "finalbody")]
        block = next((b for b in blocks if isinstance(b, list) and statement in b), [])
        for one in block[: block.index(statement)] if block else ():
            if isinstance(one, ast.If) and any(isinstance(s, LEAVES) for s in ast.walk(one)):
                yield one


@lru_cache(maxsize=64)
def _source(file: str, text: str) -> _Source:
    try:
        return _Source(file, ast.parse(text))
    except UNREADABLE:
        return _Source(file, ast.Module([], []))


def _text(file: str) -> str:
    return "".join(linecache.getlines(file))


def _end(statement: ast.stmt) -> int:
    """Return the last line of a statement, less the block that it heads."""
    for block in ("body", "cases"):
        inner = getattr(statement, block, None)
        if isinstance(inner, list) and inner:
            first = inner[0].pattern if isinstance(inner[0], ast.match_case) else inner[0]
            return max(statement.lineno, first.lineno - 1)
    return statement.end_lineno or statement.lineno


def _lines_of(file: str, statement: ast.stmt) -> Iterator[str]:
    return (f"{file}:{line}" for line in range(statement.lineno, _end(statement) + 1))


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of a statement, less the statements inside of it."""
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        yield node
        left += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]


def _names_used(statement: ast.stmt) -> set[str]:
    """Return the variables that a statement reads, and the names of the methods that it calls."""
    nodes = list(_own_nodes(statement))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        names.add(statement.target.id)
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def _names_bound(statement: ast.stmt) -> set[str]:
    nodes = _own_nodes(statement)
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _names_called(statement: ast.stmt) -> list[str]:
    """Return the names of the functions and methods that a statement calls."""
    called = [node.func for node in _own_nodes(statement) if isinstance(node, ast.Call)]
    names = [f.id for f in called if isinstance(f, ast.Name)]
    return sorted({*names, *(f.attr for f in called if isinstance(f, ast.Attribute))})


def _parameters(function: Function) -> set[str]:
    found = function.args
    all_of_them = [*found.posonlyargs, *found.args, *found.kwonlyargs, found.vararg, found.kwarg]
    return {argument.arg for argument in all_of_them if argument is not None} - {"self", "cls"}


def _reads_what_it_writes(statement: ast.stmt) -> bool:
    """Return whether what a statement writes depends on what was there: all but an assignment."""
    return not isinstance(statement, ast.Assign | ast.AnnAssign)


def _meet(one: Access, other: Access) -> bool:
    keys = (one.resource[1], other.resource[1])
    return one.resource[0] == other.resource[0] and (keys[0] == keys[1] or ... in keys)
