"""A rewritten program does the same as before: results, errors, lines, traced lines."""

from __future__ import annotations

import ast
import gc
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from raceexplore.observe.rewrite.statements import rewrite

TEXT = Path(__file__).with_name("snippets.txt").read_text(encoding="utf-8")
PARTS = [part.partition("\n") for part in TEXT.split("## ")[1:]]
SNIPPETS = {name: body for name, _, body in PARTS if not name.startswith("async ")}
ASYNC_SNIPPETS = {name: body for name, _, body in PARTS if name.startswith("async ")}
Same = Callable[[str, str], None]
MODES = ["detached", "attached", "with values"]

PRELUDE = """
import contextlib
logged = []
def log(x):
    logged.append(repr(x))
    return x
@contextlib.contextmanager
def open_(x): yield x
async def one(): return 1
async def two(): return [1, 2]
async def fail(): raise ValueError(3)
async def agen():
    yield 1
    yield 2
@contextlib.asynccontextmanager
async def manager(x): yield x
"""


def wrapped(body: str) -> str:
    inner = textwrap.indent(body, "    ")
    return (
        f"async def main():\n{inner}\n    return result\ndef run():\n    c = main()\n"
        "    try: c.send(None)\n    except StopIteration as e: return e.value\nresult = run()"
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", SNIPPETS)
def test_a_program_behaves_as_before(same: Same, name: str, mode: str) -> None:
    same(PRELUDE + SNIPPETS[name], mode)
    inner = textwrap.indent(SNIPPETS[name], "    ")
    if "nonlocal n" not in inner and "import *" not in inner and "global" not in inner:
        same(
            f"{PRELUDE}\ndef main():\n{inner}\n    return locals().get('result')\nresult = main()",
            mode,
        )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ASYNC_SNIPPETS)
def test_an_async_program_behaves_as_before(same: Same, name: str, mode: str) -> None:
    same(PRELUDE + wrapped(ASYNC_SNIPPETS[name]), mode)


@pytest.mark.parametrize(
    "name", ["no_key", "property", "generator", "match", "nonlocal", "private"]
)
def test_a_debugger_sees_the_same_lines(shows: Callable[..., str], name: str) -> None:
    def lines(*, rewritten: bool) -> list[tuple[str, int]]:
        seen: list[tuple[str, int]] = []

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            if frame.f_code.co_filename != "program.py":
                return None
            seen.append((event, frame.f_lineno))
            return trace

        gc.collect()  # no generator of an earlier test shall end in this trace
        sys.settrace(trace)
        try:
            shows(SNIPPETS[name], rewritten=rewritten)
        finally:
            sys.settrace(None)
        return seen

    assert lines(rewritten=True) == lines(rewritten=False)


def test_no_statement_moves_to_another_line() -> None:
    source = PRELUDE + "\n".join(SNIPPETS.values())
    plain = {node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)}
    tree = rewrite(ast.parse(source))
    assert {node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)} == plain
