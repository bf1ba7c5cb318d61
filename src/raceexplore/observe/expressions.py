"""How an expression is rewritten: a hook goes around each object just before it is used."""

# ruff: noqa: N815 (ast.NodeVisitor calls methods by the names of nodes)
from __future__ import annotations

import ast
from typing import Final

from raceexplore.observe.build import (
    FRESH,
    again,
    hook,
    is_plain,
    load,
    named,
    suspends,
    whole,
)
from raceexplore.observe.calls import is_library, rewrite_call
from raceexplore.observe.place import Place

CONTENTS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.BitOr: "__or__",
    ast.BitAnd: "__and__",
    ast.BitXor: "__xor__",
}
"""Operators that read all of a container, and their methods."""

OPERATIONS: Final = {ast.Load: "item", ast.Store: "set_item", ast.Del: "del_item"}
METHODS: Final = {"item": "__getitem__", "set_item": "__setitem__", "del_item": "__delitem__"}


class ExpressionRewriter(ast.NodeTransformer):
    """Rewrite expressions in place; statements are left to its child."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def expression(self, node: ast.expr) -> ast.expr:
        """Return one expression, rewritten."""
        rewritten: ast.expr = self.visit(node)
        return rewritten

    def condition(self, node: ast.expr) -> ast.expr:
        """Return what decides a branch, rewritten: a container is read by it."""
        return self.tested(node, self.expression(node))

    def tested(self, before: ast.expr, after: ast.expr) -> ast.expr:
        """Return a rewritten expression whose truth matters."""
        if isinstance(before, ast.BoolOp | ast.UnaryOp | ast.IfExp | ast.BinOp):
            return after
        known = isinstance(before, ast.Call) and self.place.origin(before.func)
        return after if known else whole(after, "__bool__")

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Rewrite ``obj.name``."""
        if isinstance(node.ctx, ast.Load) and is_library(self.place.origin(node.value)):
            return node
        kind = "attr" if isinstance(node.ctx, ast.Load) else "set_attr"
        node.value = hook(kind, self.expression(node.value), self.place.stored(node.attr))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Rewrite ``obj[key]``."""
        kind = OPERATIONS[type(node.ctx)]
        node.value = self.expression(node.value)
        node.slice = self.expression(node.slice)
        self.subscript(node, kind)
        return node

    def subscript(self, node: ast.Subscript, kind: str) -> None:
        """Put the hook around the object of a subscript whose parts are rewritten."""
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(isinstance(part, ast.Slice | ast.Starred) for part in parts):
            node.value = whole(node.value, METHODS.get(kind, "__delitem__"))
        elif is_plain(node.slice):
            node.value = hook(kind, node.value, again(node.slice))
        else:
            node.value = hook(kind, node.value, hook("push", node.slice))
            node.slice = ast.copy_location(ast.Call(load("__rx_pop__"), [], []), node.slice)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Rewrite a variable, if it is shared."""
        if not isinstance(node.ctx, ast.Load) or not self.place.is_shared(node.id):
            return node
        return hook("read_name", node, self.place.cell(node.id), self.place.stored(node.id))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        """Rewrite ``name := value``."""
        name = node.target.id
        node.value = self.expression(node.value)
        if self.place.is_shared(name):
            node.value = self.stored_name(node.value, name)
        return node

    def stored_name(self, value: ast.expr, name: str) -> ast.expr:
        """Return ``value``, noted as what a shared variable is about to get."""
        return hook("write_name", value, self.place.cell(name), self.place.stored(name))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Rewrite ``function(...)``; see calls.py."""
        node.args = [self.expression(part) for part in node.args]
        for keyword in node.keywords:
            keyword.value = self.expression(keyword.value)
            if keyword.arg is None:
                keyword.value = whole(keyword.value)
        if not isinstance(node.func, ast.Attribute):
            node.func = self.expression(node.func)
        elif not is_library(self.place.origin(node.func)):
            node.func.value = self.expression(node.func.value)
        return rewrite_call(node, self.place)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Rewrite ``in``, and comparisons of what a container holds."""
        node.left = self.expression(node.left)
        node.comparators = [self.expression(part) for part in node.comparators]
        parts = [node.left, *node.comparators]
        if len(parts) == 2 and isinstance(node.ops[0], ast.In | ast.NotIn):
            self.membership(node)
            return node
        plain = any(isinstance(part, ast.Constant) for part in parts)
        for index, operator in enumerate(node.ops):
            if isinstance(operator, ast.In | ast.NotIn):
                node.comparators[index] = whole(parts[index + 1], "__iter__")
            elif not plain and not isinstance(operator, ast.Is | ast.IsNot):
                node.comparators[index] = whole(parts[index + 1], "__eq__")
                if index == 0:
                    node.left = whole(node.left, "__eq__")
        return node

    def membership(self, node: ast.Compare) -> None:
        """``key in obj``: the hook around ``obj`` needs the key, evaluated before."""
        right = node.comparators[0]
        if isinstance(right, FRESH):
            return
        if is_plain(node.left):
            node.comparators[0] = hook("method_at", right, "__contains__", again(node.left))
            return
        keeper = self.place.temporary()
        if keeper:
            node.left = named(keeper, node.left)
            node.comparators[0] = hook("method_at", right, "__contains__", load(keeper))
        else:
            node.comparators[0] = whole(right, "__iter__")

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """Rewrite ``and``, ``or``: the last operand is a value, not a condition."""
        first = [self.condition(part) for part in node.values[:-1]]
        node.values = [*first, self.expression(node.values[-1])]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """Rewrite ``not``, and signs."""
        negates = isinstance(node.op, ast.Not)
        node.operand = (self.condition if negates else self.expression)(node.operand)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """Rewrite ``body if test else orelse``."""
        node.test = self.condition(node.test)
        node.body = self.expression(node.body)
        node.orelse = self.expression(node.orelse)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Rewrite operators; some read all of a container."""
        node.left = self.expression(node.left)
        node.right = self.expression(node.right)
        scalar = isinstance(node.left, ast.Constant) or isinstance(node.right, ast.Constant)
        operation = CONTENTS.get(type(node.op))
        if operation is not None and not scalar:
            node.left = whole(node.left, operation)
            node.right = whole(node.right, operation)
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        """Rewrite a part of an f-string."""
        node.value = whole(self.expression(node.value), "__repr__")
        if node.format_spec is not None:
            node.format_spec = self.expression(node.format_spec)
        return node

    def visit_Starred(self, node: ast.Starred) -> ast.expr:
        """Rewrite ``*values``."""
        node.value = self.expression(node.value)
        if isinstance(node.ctx, ast.Load):
            node.value = whole(node.value)
        return node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        """Rewrite ``yield from values``."""
        node.value = whole(self.expression(node.value))
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        """Rewrite a dict display: ``**mapping`` in it reads the mapping."""
        values = [self.expression(value) for value in node.values]
        keys = [key if key is None else self.expression(key) for key in node.keys]
        node.values = [
            whole(value) if key is None else value for key, value in zip(keys, values, strict=True)
        ]
        node.keys = keys
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        """Rewrite a lambda: its defaults are evaluated outside."""
        self.visit(node.args)
        with self.place.inside(node):
            node.body = self.expression(node.body)
        return node

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> ast.expr:
        """Rewrite comprehensions of one element."""
        lazy = isinstance(node, ast.GeneratorExp) or suspends(node)
        first = self.first_iterable(node.generators, lazy=lazy)
        with self.place.inside(node):
            self.generators(node.generators, lazy=lazy)
            node.elt = self.expression(node.elt)
        node.generators[0].iter = first
        return node

    visit_SetComp = visit_ListComp
    visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> ast.expr:
        """Rewrite a dict comprehension."""
        lazy = suspends(node)
        first = self.first_iterable(node.generators, lazy=lazy)
        with self.place.inside(node):
            self.generators(node.generators, lazy=lazy)
            node.key = self.expression(node.key)
            node.value = self.expression(node.value)
        node.generators[0].iter = first
        return node

    def first_iterable(self, generators: list[ast.comprehension], *, lazy: bool) -> ast.expr:
        """Return the iterable that Python evaluates outside of the comprehension."""
        with self.place.iterable():
            return self.iterated(generators[0].iter, lazy=lazy, is_async=generators[0].is_async)

    def generators(self, generators: list[ast.comprehension], *, lazy: bool) -> None:
        """Rewrite all of a comprehension's ``for`` and ``if`` but the first iterable."""
        for index, generator in enumerate(generators):
            generator.target = self.expression(generator.target)
            generator.ifs = [self.condition(test) for test in generator.ifs]
            if index:
                with self.place.iterable():
                    generator.iter = self.iterated(
                        generator.iter, lazy=lazy, is_async=generator.is_async
                    )

    def iterated(self, node: ast.expr, *, lazy: bool, is_async: int = 0) -> ast.expr:
        """Return what a loop goes over; ``lazy``: other tasks may run between its steps."""
        known = isinstance(node, ast.Call) and self.place.origin(node.func).startswith("builtins.")
        rewritten = self.expression(node)
        if is_async:
            return hook("stream", rewritten)
        if isinstance(node, FRESH) or known:
            return rewritten
        return hook("each", rewritten) if lazy else whole(rewritten)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Rewrite an annotated assignment but its annotation."""
        if node.value is not None:
            node.value = self.expression(node.value)
            if isinstance(node.target, ast.Name) and self.place.is_shared(node.target.id):
                node.value = self.stored_name(node.value, node.target.id)
            node.target = self.visit(node.target)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Leave a parameter as it is: an annotation is no access."""
        return node
