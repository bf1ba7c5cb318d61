"""How an expression is rewritten: a hook goes around each object just before it is used."""

# ruff: noqa: N802, N815 (ast.NodeVisitor calls methods by the names of nodes)
from __future__ import annotations

import ast
from typing import Final

from raceexplore.observe.build import (
    FRESH,
    again,
    contents,
    hook,
    is_plain,
    load,
    suspends,
    whole,
)
from raceexplore.observe.calls import is_library, rewrite_call
from raceexplore.observe.operators import OperatorRewriter
from raceexplore.observe.place import ITERATORS

OPERATIONS: Final = {ast.Load: "item", ast.Store: "set_item", ast.Del: "del_item"}
METHODS: Final = {"item": "__getitem__", "set_item": "__setitem__", "del_item": "__delitem__"}


class ExpressionRewriter(OperatorRewriter):
    """Rewrite expressions in place; statements are left to its child."""

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

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        """Rewrite a part of an f-string."""
        node.value = contents(self.expression(node.value), "__repr__")
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
        node.value = hook("delegated", self.iterator(self.expression(node.value)))
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
        made = self.place.makes(node)
        rewritten = self.expression(node)
        if is_async:
            return hook("stream", rewritten)
        if isinstance(node, FRESH) or (made is not None and (made not in ITERATORS)):
            return rewritten
        if lazy:
            return hook("each", self.iterator(rewritten))
        return whole(rewritten) if made is None else hook("behind", rewritten)

    @staticmethod
    def iterator(node: ast.expr) -> ast.expr:
        """Return ``iter(node)``: what a loop, which makes one itself, takes its steps from."""
        return ast.copy_location(ast.Call(load("__rx_iter__"), [node], []), node)

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
