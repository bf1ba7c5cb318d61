"""Look at the source of a program before it is run, for the function that a seed names.

The file of a seed that a stranger has made must not be run only to find that it holds no such
function: what stands at its top level would be done by then.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadProgram
from raceexplore.search.programs.choose import STARTED
from raceexplore.search.programs.files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

SOURCE_MAX = 16 << 20  # bytes of a Python file


def must_define(path: Path, name: str, shown: str) -> None:
    """Raise `BadProgram` unless the source of ``path`` gives ``name`` to what may be a program.

    An async function, a decorated one, or what an assignment, a loop or an import may bring.
    """
    if not name:
        raise BadProgram(f"this seed names no function of {shown}; name it: PATH:NAME")
    try:
        tree = ast.parse(read_regular(path, SOURCE_MAX), str(path))
    except SyntaxError as error:
        place = f"{path}:{error.lineno}" if error.lineno else shown
        raise BadProgram(f"{place}: syntax error: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError, OSError) as error:
        raise BadProgram(f"{shown} cannot be read: {error}") from None
    first = name.partition(".")[0]
    if first == STARTED and any(map(_runs, ast.walk(tree))):
        return  # it is what the module itself gives to ``trio.run`` or ``asyncio.run``
    if not any(_gives(node, first) for node in _at_top_level(tree)):
        raise BadProgram(f"{shown} has no async function {name!r}, and was not run")


def _runs(node: ast.AST) -> bool:
    """Return whether ``node`` calls something named ``run``."""
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == "run"


def _at_top_level(tree: ast.Module) -> list[ast.AST]:
    """Return the nodes of a module that are not inside of a function or a class."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _gives(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.AsyncFunctionDef | ast.ClassDef):
        return node.name == name
    if isinstance(node, ast.FunctionDef):
        return node.name == name and bool(node.decorator_list)
    if isinstance(node, ast.alias):
        return name == (node.asname or node.name.partition(".")[0]) or node.name == "*"
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name
