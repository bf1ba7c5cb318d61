"""Small pieces of syntax tree that the rewriter puts together."""

from __future__ import annotations

import ast
from typing import Final, Protocol

FRESH: Final = (
    ast.Constant,
    ast.JoinedStr,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Lambda,
    ast.Compare,
)
"""Expressions whose value nobody else can have seen, or is no container."""

PLAIN: Final = (ast.Constant, ast.JoinedStr, ast.Lambda, ast.Compare)
"""Expressions whose value holds nothing."""

CONSUMERS: Final = frozenset(
    {"all", "any", "dict", "frozenset", "join", "list", "max", "min", "set", "sorted", "sum"}
    | {"tuple"}
)
"""What uses up a generator expression at once."""

SUSPENDING: Final = (ast.Await, ast.Yield, ast.YieldFrom, ast.AsyncFor, ast.AsyncWith)
OTHER_CODE: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Context(Protocol):
    """What a rewriting function may ask about the place where it is."""

    def origin(self, node: ast.expr) -> str:
        """Return the dotted name of an imported or built-in function or module, or ""."""

    def stored(self, name: str) -> str:
        """Return an attribute's name as Python stores it."""

    def temporary(self) -> str:
        """Return a new name for a temporary variable; "" where none can be bound."""

    def defines(self, name: str) -> bool:
        """Tell whether some function or method of the file has the name."""

    def is_own(self, node: ast.expr) -> bool:
        """Tell whether a name is surely that of a function, or a class, of this file."""


def load(name: str) -> ast.Name:
    """Return a read of a variable."""
    return ast.Name(name, ast.Load())


def hook(name: str, value: ast.expr, *rest: ast.expr | str) -> ast.Call:
    """Return a call of a hook around ``value``, at its place in the source."""
    arguments = [ast.Constant(part) if isinstance(part, str) else part for part in rest]
    call = ast.Call(load(f"__rx_{name}__"), [value, *arguments], [])
    return ast.copy_location(call, value)


def named(name: str, value: ast.expr) -> ast.expr:
    """Return ``(name := value)``."""
    return ast.copy_location(ast.NamedExpr(ast.Name(name, ast.Store()), value), value)


def again(node: ast.expr) -> ast.expr:
    """Return a second evaluation of a constant or a local variable."""
    if isinstance(node, ast.Constant):
        return ast.copy_location(ast.Constant(node.value), node)
    assert isinstance(node, ast.Name)
    return ast.copy_location(load(node.id), node)


def is_plain(node: ast.expr) -> bool:
    """Tell whether an expression may be evaluated twice: a constant or a local variable."""
    return isinstance(node, ast.Constant | ast.Name)


def suspends(*nodes: ast.AST) -> bool:
    """Tell whether other tasks may run before ``nodes`` are done."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if isinstance(node, SUSPENDING) or (isinstance(node, ast.comprehension) and node.is_async):
            return True
        if not isinstance(node, OTHER_CODE):
            stack.extend(ast.iter_child_nodes(node))
    return False


def whole(node: ast.expr, operation: str = "__iter__") -> ast.expr:
    """Return ``node``, noted as a whole; ``operation`` is the method that reads it."""
    if isinstance(node, ast.Starred):
        return node  # noted where it was visited
    return node if isinstance(node, FRESH) else hook("method", node, operation)


def contents(node: ast.expr, operation: str = "__iter__", inner: str | None = None) -> ast.expr:
    """Return ``node``, noted as a whole with what it holds, on which ``inner`` works."""
    if isinstance(node, ast.Starred):
        node.value = contents(bare(node.value), "__iter__", operation if inner is None else inner)
        return node
    if isinstance(node, PLAIN) or all_constant(node):
        return node
    inner = operation if inner is None else inner
    return hook("contents", node, "" if isinstance(node, FRESH) else operation, inner)


def all_constant(node: ast.expr) -> bool:
    """Tell whether an expression is a display that holds nothing but constants."""
    parts: list[ast.expr] = [ast.Name("")]
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        parts = node.elts
    elif isinstance(node, ast.Dict):
        parts = [part or ast.Name("") for part in (*node.keys, *node.values)]
    return all(isinstance(part, ast.Constant) for part in parts)


def bare(node: ast.expr) -> ast.expr:
    """Return what a hook is around: to put another one there."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.args[0] if node.func.id == "__rx_method__" else node
    return node


Operand = tuple[ast.expr, str, str]  # with the method that reads it, and what that does inside


def operands(parts: list[Operand], context: Context) -> list[ast.expr]:
    """Return operands, in the order of their evaluation; what is read before an ``await`` is late.

    Those whose method is "" are not read.
    """
    found: list[ast.expr] = []
    late: list[tuple[str, str, str]] = []
    for index, (node, outer, inner) in enumerate(parts):
        waits = suspends(*[part for part, *_ in parts[index + 1 :]])
        holder = context.temporary() if outer and waits and not isinstance(node, PLAIN) else ""
        if holder and not isinstance(node, ast.Starred):
            late.append((holder, outer, inner))
            found.append(named(holder, node))
        elif outer and waits and not isinstance(node, (*PLAIN, ast.Starred)):
            found.append(hook("unseen", node))
        else:
            found.append(contents(node, outer, inner) if outer else node)
    for holder, outer, inner in late:
        last = found[-1]
        inside = last.value if isinstance(last, ast.Starred) else last
        noted = hook("late_contents", inside, load(holder), outer, inner)
        if isinstance(last, ast.Starred):
            last.value = noted
        else:
            found[-1] = noted
    return found
