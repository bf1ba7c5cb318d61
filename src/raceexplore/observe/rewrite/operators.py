"""How operators, comparisons and conditions are rewritten: they read what containers hold."""

from __future__ import annotations

import ast
from typing import Final

from raceexplore.observe.rewrite.position import Place
from raceexplore.observe.rewrite.syntax import (
    again,
    all_constant,
    contents,
    hook,
    is_plain,
    load,
    named,
    operands,
    suspends,
    whole,
)

CONTENTS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.BitOr: "__or__",
    ast.BitAnd: "__and__",
    ast.BitXor: "__xor__",
    ast.Mult: "__mul__",
}
"""Operators that read all of a container, and their methods."""

LONG: Final = 100


def is_number(node: ast.expr) -> bool:
    """Tell whether an expression is a number, or another constant that holds nothing."""
    return isinstance(node, ast.Constant) and not isinstance(node.value, str | bytes)


def is_scalar(node: ast.expr) -> bool:
    """Tell whether a container that is compared with, or added to, this one is not read."""
    return isinstance(node, ast.Constant) and not isinstance(node.value, bytes)


def is_long(node: ast.expr) -> bool:
    """Tell whether an operand is a sum of `LONG` terms: hooks would make it too deep to compile.

    Python's own sums are new objects; they need none.
    """
    for _ in range(LONG):
        if not isinstance(node, ast.BinOp):
            return False
        node = node.left
    return True


class OperatorRewriter(ast.NodeTransformer):
    """Rewrite operators in place; the other expressions are left to its child."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def expression(self, node: ast.expr) -> ast.expr:
        """Return one expression, rewritten."""
        rewritten: ast.expr = self.visit(node)
        return rewritten

    def condition(self, node: ast.expr) -> ast.expr:
        """Return what decides a branch, rewritten: a container is read by it."""
        if isinstance(node, ast.BoolOp):
            node.values = [self.condition(part) for part in node.values]
            return node
        if isinstance(node, ast.IfExp):
            node.test = self.condition(node.test)
            node.body = self.condition(node.body)
            node.orelse = self.condition(node.orelse)
            return node
        made = isinstance(node, ast.UnaryOp | ast.BinOp) or self.place.makes(node) is not None
        rewritten = self.expression(node)
        return rewritten if made else whole(rewritten, "__bool__")

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Rewrite ``in``, and comparisons of what a container holds."""
        node.left = self.expression(node.left)
        node.comparators = [self.expression(part) for part in node.comparators]
        parts = [node.left, *node.comparators]
        if len(parts) == 2 and isinstance(node.ops[0], ast.In | ast.NotIn):
            self.membership(node)
            return node
        ways = [""] * len(parts)
        for index, operator in enumerate(node.ops):
            pair = parts[index : index + 2]
            if isinstance(operator, ast.In | ast.NotIn):
                ways[index : index + 2] = [ways[index] or "__eq__", "__iter__"]
            elif not isinstance(operator, ast.Is | ast.IsNot) and not any(map(is_scalar, pair)):
                ways[index : index + 2] = [ways[index] or "__eq__", "__eq__"]
        read = [(part, way, "__eq__") for part, way in zip(parts, ways, strict=True)]
        node.left, *node.comparators = operands(read, self.place)
        return node

    def membership(self, node: ast.Compare) -> None:
        """``key in obj``: the hook around ``obj`` needs the key, evaluated before."""
        right = node.comparators[0]
        if isinstance(right, ast.Constant) or all_constant(right):
            return
        if is_plain(node.left):
            node.comparators[0] = hook("member", right, again(node.left))
            return
        keeper = self.place.temporary()
        if keeper:
            node.left = named(keeper, node.left)
            node.comparators[0] = hook("member", right, load(keeper))
        else:
            node.left = contents(node.left, "__eq__")
            node.comparators[0] = contents(right, "__iter__", "__eq__")

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """Rewrite ``and``, ``or``: the last operand is a value, not a condition."""
        first = [self.condition(part) for part in node.values[:-1]]
        node.values = [*first, self.expression(node.values[-1])]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """Rewrite ``not``, and signs."""
        negates = isinstance(node.op, ast.Not)
        node.operand = (self.condition if negates else self.expression)(node.operand)
        if not negates:
            node.operand = whole(node.operand)  # a Counter's signs leave out what it does not count
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """Rewrite ``body if test else orelse``."""
        node.test = self.condition(node.test)
        node.body = self.expression(node.body)
        node.orelse = self.expression(node.orelse)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Rewrite operators; some read all of a container."""
        long = is_long(node.left)
        node.left = self.expression(node.left)
        node.right = self.expression(node.right)
        operation = CONTENTS.get(type(node.op))
        if isinstance(node.op, ast.Mod):
            if not is_scalar(node.right) and (not is_number(node.left)):
                node.right = contents(node.right, "__iter__", "__repr__")
        elif operation is not None and (
            isinstance(node.op, ast.Mult) or not (is_scalar(node.left) or is_scalar(node.right))
        ):
            if suspends(node.right):
                parts = [(node.left, operation, ""), (node.right, operation, "")]
                node.left, node.right = operands(parts, self.place)
            else:
                node.left = node.left if long else whole(node.left, operation)
                node.right = whole(node.right, operation)
        return node
