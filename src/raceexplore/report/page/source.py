"""The source that the page shows: the lines around those the run visited, in coloured pieces."""

from __future__ import annotations

import io
import keyword
import linecache
import token
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WHOLE: Final = 600  # lines; of a longer file only what surrounds the visited lines is shown
AROUND: Final = 40
CLASSES: Final = {token.STRING: "s", token.NUMBER: "n", tokenize.COMMENT: "c"}


def source_files(names: Sequence[str], visited: Mapping[str, set[int]]) -> list[dict[str, Any]]:
    """Return one value for each of ``names``: its shown path, and its lines if it was visited.

    A line is [number, text, pieces]; a piece is (start, end, class) with the classes k(eyword),
    s(tring), n(umber) and c(omment).
    """
    return [
        {"name": shown(name), "lines": list(_lines(name, visited[name])) if name in visited else []}
        for name in names
    ]


def shown(file: str) -> str:
    """Return ``file`` relative to the working directory if it is inside it."""
    path, here = Path(file), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else file


def _lines(file: str, visited: set[int]) -> Iterator[list[Any]]:
    text = linecache.getlines(file)
    pieces = _pieces(text)
    near = {n for line in visited for n in range(line - AROUND, line + AROUND + 1)}
    for number, line in enumerate(text, 1):
        if len(text) <= WHOLE or number in near:
            yield [number, line.rstrip("\r\n"), pieces.get(number, [])]


def _pieces(text: Sequence[str]) -> dict[int, list[list[Any]]]:
    found: dict[int, list[list[Any]]] = {}
    try:
        parts = list(tokenize.generate_tokens(io.StringIO("".join(text)).readline))
    except (tokenize.TokenError, SyntaxError):
        return {}  # shown without colours
    for part in parts:
        is_keyword = part.type == token.NAME and keyword.iskeyword(part.string)
        kind = "k" if is_keyword else CLASSES.get(part.type, "")
        for line, begin, end in _spans(part, text) if kind else ():
            found.setdefault(line, []).append([begin, end, kind])
    return found


def _spans(part: tokenize.TokenInfo, text: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    (first, begin), (last, end) = part.start, part.end
    for line in range(first, last + 1):
        stop = end if line == last else len(text[line - 1].rstrip("\r\n"))
        yield line, begin if line == first else 0, stop
