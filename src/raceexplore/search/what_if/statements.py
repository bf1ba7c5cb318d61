"""Spans: whole statements of one async function, found by the lines that a task passes."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LOOPS = (ast.For, ast.AsyncFor, ast.While)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Code(NamedTuple):
    """The code of a function: its file, its qualified name, and the line where it begins."""

    file: str
    function: str
    begins: int


@dataclass(frozen=True, slots=True)
class Span:
    """Whole statements of one block of a function, from the line ``first`` to ``last``."""

    code: Code
    first: int
    last: int

    @property
    def lines(self) -> int:
        """The number of lines."""
        return self.last - self.first + 1

    @property
    def name(self) -> str:
        """The function's name, without what it is defined in."""
        return self.code.function.rpartition(".")[2]


class Place(NamedTuple):
    """Statements of a block: the first and the last, by their indexes."""

    body: list[ast.stmt]
    first: int
    last: int


@dataclass(frozen=True)
class Source:
    """A source file. functions: the async ones; annotations: their evaluation is put off."""

    file: str
    tree: ast.Module
    functions: dict[Code, ast.AsyncFunctionDef]
    annotations: bool

    @classmethod
    def of(cls, file: str) -> Source:
        """Read ``file``."""
        tree = ast.parse(Path(file).read_bytes(), file)
        functions = {
            Code(file, name, _begins(node)): node
            for name, node in _functions(tree, "")
            if isinstance(node, ast.AsyncFunctionDef)
        }
        futures = (n for n in tree.body if isinstance(n, ast.ImportFrom))
        late = any(n.module == "__future__" and n.names[0].name == "annotations" for n in futures)
        return cls(file, tree, functions, late)

    def at(self, lines: Sequence[int]) -> Span | None:
        """Return the shortest span that holds ``lines``; None if they are in no async function."""
        around = [
            code
            for code, node in self.functions.items()
            if all(_begins(node) <= line <= (node.end_lineno or line) for line in lines)
        ]
        return next(iter(self.spans_of(around[-1], sorted(lines))), None) if around else None

    def spans_of(self, code: Code, lines: Sequence[int]) -> Iterator[Span]:
        """Yield the shortest span of ``code`` that holds ``lines``, run by a task in this order.

        Where they do not only go down the page, the task may have gone round a loop: then the
        whole of the innermost loop around them follows, if there is one.
        """
        way = list(self._way(code, lines))
        if way and not _goes_up(way[-1], lines):
            yield _span(code, way[-1])
        if any(before >= after for before, after in pairwise(lines)):
            loops = [p for p in way if p.first == p.last and isinstance(p.body[p.first], LOOPS)]
            yield from (_span(code, place) for place in loops[-1:])

    def place_of(self, span: Span) -> Place | None:
        """Return the statements of ``span``."""
        way = list(self._way(span.code, (span.first, span.last)))
        return way[-1] if way else None

    def around(self, spans: Iterable[Span]) -> list[ast.stmt]:
        """Return the statements of the module that hold ``spans``."""
        found = (self.tree.body[_index(self.tree.body, span.first)] for span in spans)
        return list(dict.fromkeys(found))

    def _way(self, code: Code, lines: Sequence[int]) -> Iterator[Place]:
        """Yield what holds all ``lines``, one inside the other, the last as short as can be.

        Nothing if a line is outside of the function's statements.
        """
        node = self.functions.get(code)
        blocks = [] if node is None else [node.body]
        while blocks:
            body = blocks[0]
            indexes = [_index(body, line) for line in lines]
            first, last = min(indexes), max(indexes)
            if first < 0:
                return
            yield Place(body, first, last)
            inside = _blocks(body[first]) if first == last else []
            blocks = [block for block in inside if all(_index(block, n) >= 0 for n in lines)]


def _functions(
    node: ast.AST, prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            yield prefix + child.name, child
            yield from _functions(child, f"{prefix}{child.name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _begins(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the line where Python says that the function's code begins."""
    return node.decorator_list[0].lineno if node.decorator_list else node.lineno


def _span(code: Code, place: Place) -> Span:
    last = place.body[place.last]
    return Span(code, place.body[place.first].lineno, last.end_lineno or last.lineno)


def _index(body: list[ast.stmt], line: int) -> int:
    """Return which statement of ``body`` has ``line``; -1 if none has."""
    for index, statement in enumerate(body):
        first = _begins(statement) if isinstance(statement, FUNCTIONS) else statement.lineno
        if first <= line <= (statement.end_lineno or line):
            return index
    return -1


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks inside ``statement`` that begin on a line of their own.

    Those of functions and classes are other code.
    """
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return []
    parts: list[ast.AST] = [statement, *getattr(statement, "handlers", ())]
    parts += getattr(statement, "cases", ())
    found = [getattr(part, name, []) for part in parts for name in ("body", "orelse", "finalbody")]
    return [block for block in found if block and block[0].lineno > statement.lineno]


def _goes_up(place: Place, lines: Sequence[int]) -> bool:
    """Return whether a task that runs ``lines`` in this order goes back to an earlier statement."""
    indexes = [_index(place.body, line) for line in lines]
    return indexes != sorted(indexes)
