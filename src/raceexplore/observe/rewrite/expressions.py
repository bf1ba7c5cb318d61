"""How an expression is rewritten: a hook goes around each object just before it is used."""

# ruff: noqa: N802 (ast.NodeVisitor calls methods by the names of nodes)
from __future__ import annotations

import ast
from typing import Final

from raceexplore.observe.rewrite.calls import is_fixed, is_library, rewrite_call
from raceexplore.observe.rewrite.loops import LoopRewriter
from raceexplore.observe.rewrite.syntax import (
    again,
    contents,
    hook,
    is_plain,
    load,
    operands,
    suspends,
    whole,
)

OPERATIONS: Final = {ast.Load: "item", ast.Store: "set_item", ast.Del: "del_item"}
METHODS: Final = {"item": "__getitem__", "set_item": "__setitem__", "del_item": "__delitem__"}


class ExpressionRewriter(LoopRewriter):
    """Rewrite expressions in place; statements are left to its child."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Rewrite ``obj.name``."""
        origin = self.place.origin(node.value) if isinstance(node.ctx, ast.Load) else ""
        if is_library(origin) and is_fixed(origin, node.attr):
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
        if isinstance(node.slice, ast.Slice) and suspends(node.slice):
            self.slice_late(node, METHODS.get(kind, "__delitem__"))
        elif any(isinstance(part, ast.Slice | ast.Starred) for part in parts):
            node.value = whole(node.value, METHODS.get(kind, "__delitem__"))
        elif is_plain(node.slice):
            node.value = hook(kind, node.value, again(node.slice))
        else:
            node.value = hook(kind, node.value, hook("push", node.slice))
            node.slice = ast.copy_location(ast.Call(load("__rx_pop__"), [], []), node.slice)

    def slice_late(self, node: ast.Subscript, operation: str) -> None:
        """``obj[a : await b]``: noted when the last bound has been evaluated."""
        bounds = ["lower", "upper", "step"]
        last = [name for name in bounds if getattr(node.slice, name) is not None][-1]
        parts = [(node.value, operation, ""), (getattr(node.slice, last), "", "")]
        node.value, bound = operands(parts, self.place)
        setattr(node.slice, last, bound)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Rewrite a variable, if it is shared."""
        if not isinstance(node.ctx, ast.Load) or not self.place.is_shared(node.id):
            return node
        where = self.place.cell(node.id), self.place.stored(node.id)
        if not self.place.may_miss(node.id):
            return hook("read_name", node, *where)
        # Noted before, since reading it may fail.
        note = hook("read_name", ast.copy_location(ast.Constant(None), node), *where)
        pair = ast.copy_location(ast.Tuple([note, node], ast.Load()), node)
        second = ast.copy_location(ast.Constant(1), node)
        return ast.copy_location(ast.Subscript(pair, second, ast.Load()), node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        """Rewrite ``name := value``."""
        name = node.target.id
        node.value = self.expression(node.value)
        if self.place.is_shared(name):
            node.value = self.stored_name(node.value, name)
        return node

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

    def visit_Await(self, node: ast.Await) -> ast.expr:
        """Rewrite ``await value``: a coroutine that was made before may be others' as well."""
        made = isinstance(node.value, ast.Call)
        node.value = self.expression(node.value)
        node.value = hook("answered" if made else "awaited", node.value)
        return node

    def visit_Starred(self, node: ast.Starred) -> ast.expr:
        """Rewrite ``*values``."""
        node.value = self.expression(node.value)
        if isinstance(node.ctx, ast.Load):
            node.value = whole(node.value)
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

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Rewrite an annotated assignment but its annotation."""
        if node.value is not None:
            node.value = self.expression(node.value)
            if isinstance(node.target, ast.Name) and self.place.is_shared(node.target.id):
                node.value = self.stored_name(node.value, node.target.id)
            node.target = self.visit(node.target)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Rewrite the annotation of a parameter, if a task evaluates it."""
        node.annotation = self.annotation(node.annotation)
        return node

    def annotation(self, node: ast.expr | None) -> ast.expr | None:
        """Return an annotation, rewritten if it is evaluated when a function runs."""
        evaluated = node is not None and self.place.evaluates_annotations()
        return self.expression(node) if node is not None and evaluated else node
