"""How the arguments of a call are rewritten whose code nobody observes; see unseen_calls.py."""

from __future__ import annotations

import ast
from copy import deepcopy
from typing import Final

from raceexplore.observe.effects.codes import TABLES
from raceexplore.observe.effects.trio_primitives import TABLES as PRIMITIVES
from raceexplore.observe.rewrite.syntax import (
    PLAIN,
    Context,
    again,
    all_constant,
    contents,
    hook,
    load,
    named,
    suspends,
)

LATER: Final = frozenset({"trio.to_thread.run_sync", "contextlib.closing", "contextlib.aclosing"})
"""Functions whose first argument is called, or closed, when nobody looks on."""

QUIET: Final = (
    frozenset(name for table in TABLES.values() for name in table)
    | frozenset(dir(str))
    | frozenset(name for kind in PRIMITIVES for name in dir(kind))
    | frozenset(name for name in dir(set) if not name.startswith("_"))
    | {"pick", "touch", "step", "event", "always", "sometimes", "now"}
)
"""Methods of containers, texts, trio's objects and the world: what they do is known."""

LOUD: Final = frozenset(
    {"call", "callback", "dump", "encode", "load", "push", "put", "put_nowait", "read", "readinto"}
    | {"register", "run", "submit", "write", "writerow", "writerows"}
)
"""Methods of Python's library whose names programs use for methods of their own as well."""


def unknown_call(node: ast.Call, context: Context) -> None:
    """Note a call of something that the source does not tell: a variable, an element."""
    given = [*node.args, *(part.value for part in node.keywords)]
    callee: ast.expr | None = None
    if any(is_lent(part) for part in given):
        if isinstance(node.func, ast.Name):
            callee = again(node.func)
        elif holder := context.temporary():
            node.func, callee = named(holder, node.func), load(holder)
    if callee is not None:
        lend(node, "lent", callee)
    if callee is not None and suspends(*given):
        wrap_last(node, "called_last", callee)
    else:
        node.func = hook("called", node.func)


def is_lent(node: ast.expr) -> bool:
    """Tell whether an argument may be, or hold, what others can see."""
    return not isinstance(node, PLAIN) and not all_constant(node)


def lend(node: ast.Call, kind: str, *where: ast.expr | str) -> None:
    """Put a hook around each argument of a call: what it is given to may read or change it."""
    for index, part in enumerate(node.args):
        if isinstance(part, ast.Starred):
            node.args[index] = contents(part, "", "__match__")
        else:
            node.args[index] = lent(part, kind, where)
    for keyword in node.keywords:
        keyword.value = lent(keyword.value, kind, where)
    given = [*node.args, *(part.value for part in node.keywords)]
    if suspends(*given[1:]):
        wrap_last(node, "unseen")  # the first was noted before others could run


def wrap_last(node: ast.Call, kind: str, *where: ast.expr) -> None:
    """Put a hook around the argument of a call that is evaluated last."""
    last: ast.keyword | ast.Starred | None = node.keywords[-1] if node.keywords else None
    if last is None and isinstance(node.args[-1], ast.Starred):
        last = node.args[-1]
    if last is not None:
        last.value = hook(kind, last.value, *where)
    else:
        node.args[-1] = hook(kind, node.args[-1], *where)


def lent(node: ast.expr, kind: str, where: tuple[ast.expr | str, ...]) -> ast.expr:
    """Return an argument, or the elements of one that is made for the call, with a hook around."""
    if not is_lent(node):
        return node
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        plain = not any(isinstance(part, ast.Starred) for part in node.elts)
        node.elts = [lent(part, kind, where) for part in node.elts] if plain else node.elts
        return node
    return hook(kind, node, *[deepcopy(part) for part in where])


def lend_to_method(node: ast.Call, func: ast.Attribute, name: str, context: Context) -> None:
    """Note that a method which may be of Python's library does something to its arguments."""
    if any(is_lent(part) for part in (*node.args, *(part.value for part in node.keywords))):
        if isinstance(func.value, ast.Name):
            lend(node, "lent_to", again(func.value), name)
        elif holder := context.temporary():
            func.value = named(holder, func.value)
            lend(node, "lent_to", load(holder), name)
