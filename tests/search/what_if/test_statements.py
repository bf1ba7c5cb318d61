"""Spans: the whole statements that hold the lines a task has passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore.search.what_if.statements import Source

TEXT = """\
import trio


class Shop:
    async def buy(self):
        left = self.left
        async with self.lock, self.door:
            if await self.cache.get(
                left,
            ):
                self.left = left - 1
            else:
                return
        for item in self.items:
            seen = item.count
            await trio.sleep(0)
            item.count = seen + 1
        while True:
            await self.take(self.left)
        try:
            await trio.sleep(1)
        finally:
            await self.close()

    def plain(self):
        return 1

    @trio.lowlevel.enable_ki_protection
    async def decorated(self):
        async def inner():
            await trio.sleep(0)

        if self.left: await inner()
"""
# lines that a task passes, in this order: the spans that hold them
CASES = [
    ("buy", [6, 8, 11], [(6, 13)]),
    ("buy", [7, 7, 7], [(7, 13)]),  # both locks of one statement; no loop is around
    ("buy", [8, 11], [(8, 13)]),
    ("buy", [9, 9], [(8, 13)]),  # a line of a statement of several
    ("buy", [11, 11], [(11, 11)]),
    ("buy", [15, 16, 17], [(15, 17)]),
    ("buy", [17, 16], [(14, 17)]),  # backwards: the next turn
    ("buy", [16, 16], [(16, 16), (14, 17)]),  # perhaps the next turn
    ("buy", [19, 19], [(19, 19), (18, 19)]),
    ("buy", [17, 19], [(14, 19)]),
    ("buy", [21, 23], [(20, 23)]),
    ("buy", [6, 26], []),  # other code
    ("decorated", [33, 33], [(33, 33)]),
    ("decorated.<locals>.inner", [31], [(31, 31)]),
]


@pytest.mark.parametrize(("function", "lines", "expected"), CASES)
def test_a_span_is_the_shortest_that_holds_the_lines(
    tmp_path: Path, function: str, lines: list[int], expected: list[tuple[int, int]]
) -> None:
    (tmp_path / "shop.py").write_text(TEXT, encoding="utf-8")
    source = Source.of(str(tmp_path / "shop.py"))
    (code,) = [code for code in source.functions if code.function == f"Shop.{function}"]
    found = source.spans_of(code, lines)
    assert [(span.first, span.last) for span in found] == expected


def test_lines_are_looked_up_in_the_innermost_async_function(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(TEXT, encoding="utf-8")
    source = Source.of(str(tmp_path / "shop.py"))
    names = [source.at([line]) for line in (6, 26, 31, 33)]
    told = [span and span.code.function for span in names]
    assert told == ["Shop.buy", None, "Shop.decorated.<locals>.inner", "Shop.decorated"]
