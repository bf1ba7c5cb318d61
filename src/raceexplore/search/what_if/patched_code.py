"""Critical sections, put around statements of the loaded program while it is tried out."""

from __future__ import annotations

import ast
import gc
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.search.what_if.statements import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from raceexplore.search.what_if.gate import Gate
    from raceexplore.search.what_if.statements import Span

NAME = "__rx_section__"  # the gate, among the globals of code that holds a section


class Twin(NamedTuple):
    """A function of the loaded program, and the code to give it."""

    function: Any  # a FunctionType, which as an attribute of a class would stand for a method
    code: CodeType


class Workshop:
    """Builds functions of the loaded program anew, with sections in them."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._live: dict[str, list[FunctionType]] = {}

    def source(self, file: str) -> Source:
        """Return the source of ``file``, read once; raises `OSError` or `SyntaxError`."""
        if file not in self._sources:
            self._sources[file] = Source.of(file)
        return self._sources[file]

    def twins(self, spans: Sequence[Span]) -> list[Twin]:
        """Return the functions that hold ``spans``, or a function that does, with new code.

        Empty where the loaded program has no such function, or its file is another one by now.
        """
        found: list[Twin] = []
        for file in dict.fromkeys(span.code.file for span in spans):
            built = self._build(file, [span for span in spans if span.code.file == file])
            for function in self._functions(file):
                code = built.get(_key(function.__code__))
                if code is not None and code.co_freevars == function.__code__.co_freevars:
                    found.append(Twin(function, code))
        return found

    def loaded(self, path: str) -> str:
        """Return the name under which the program has loaded the file ``path``, or nothing."""
        wanted = Path(path).resolve()
        self._functions("")
        return next((file for file in sorted(self._live) if Path(file).resolve() == wanted), "")

    def _build(self, file: str, spans: Sequence[Span]) -> dict[tuple[str, int], CodeType]:
        """Return the code of every function that is, or holds, one with a section of ``spans``."""
        source = self.source(file)
        before: list[tuple[list[ast.stmt], list[ast.stmt]]] = []
        try:
            for span in sorted(spans, key=lambda span: span.lines):
                place = source.place_of(span)
                if place is not None:
                    before.append((place.body, list(place.body)))
                    _enclose(*place)
            return {
                _key(code): code
                for statement in source.around(spans)
                for code in _codes(_compiled(statement, source))
                if _holds_section(code)
            }
        finally:
            for body, statements in reversed(before):
                body[:] = statements

    def _functions(self, file: str) -> list[FunctionType]:
        """Return the functions of ``file`` that are alive, less those of observed copies."""
        if not self._live:
            for found in gc.get_objects():
                if type(found) is FunctionType and "__rx_module__" not in found.__globals__:
                    self._live.setdefault(found.__code__.co_filename, []).append(found)
        return self._live.get(file, [])


@contextmanager
def in_place(twins: Sequence[Twin], gate: Gate) -> Iterator[None]:
    """Within the block, the loaded program has the sections of ``twins``, all one ``gate``."""
    before = [twin.function.__code__ for twin in twins]
    try:
        for twin in twins:
            twin.function.__globals__[NAME] = gate
            twin.function.__code__ = twin.code
        yield
    finally:
        for twin, code in zip(twins, before, strict=True):
            twin.function.__code__ = code
            twin.function.__globals__.pop(NAME, None)


def _enclose(body: list[ast.stmt], first: int, last: int) -> None:
    """Put ``async with`` the gate around statements of ``body``."""
    item = ast.withitem(ast.Name(NAME, ast.Load()))
    section = ast.AsyncWith([item], body[first : last + 1])
    ast.copy_location(section, body[first])
    ast.copy_location(item.context_expr, body[first])
    body[first : last + 1] = [section]


def _compiled(statement: ast.stmt, source: Source) -> CodeType:
    flags = annotations.compiler_flag if source.annotations else 0
    module = ast.Module([statement], [])
    code: CodeType = compile(module, source.file, "exec", flags=flags, dont_inherit=True)
    return code


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _holds_section(code: CodeType) -> bool:
    return NAME in code.co_names or any(
        _holds_section(constant) for constant in code.co_consts if isinstance(constant, CodeType)
    )


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno
