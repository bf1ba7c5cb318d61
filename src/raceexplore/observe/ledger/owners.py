"""Which function a closure's variable belongs to: for a reader, found in the source."""

from __future__ import annotations

import linecache
import symtable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from raceexplore.kernel.fence.hostile import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

INSIDE: Final = ".<locals>."
UNNAMED: Final = {"lambda", "listcomp", "setcomp", "dictcomp", "genexpr"}


def owner(code: CodeType, name: str) -> str:
    """Return the qualified name of the function whose variable ``name`` is, as ``code`` sees it.

    The innermost one around ``code``, or ``code`` itself, that binds it; empty if the source says
    no such thing.
    """
    bound = _bound("".join(linecache.getlines(code.co_filename)))
    function = code.co_qualname
    while function and name not in bound.get(function, ()):
        function = function.rpartition(INSIDE)[0]
    return function


@lru_cache(maxsize=64)
def _bound(source: str) -> dict[str, frozenset[str]]:
    """Return what each function binds, by its qualified name."""
    try:
        return dict(_functions(symtable.symtable(source, "<source>", "exec"), ""))
    except UNREADABLE:
        return {}


def _functions(table: symtable.SymbolTable, above: str) -> Iterator[tuple[str, frozenset[str]]]:
    for child in table.get_children():
        name = child.get_name()
        path = above + (f"<{name}>" if name in UNNAMED else name)
        if child.get_type() == "function":
            own = (symbol.get_name() for symbol in child.get_symbols() if symbol.is_local())
            yield path, frozenset(own)
        yield from _functions(child, path + (INSIDE if child.get_type() == "function" else "."))
