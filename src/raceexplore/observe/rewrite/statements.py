"""Rewrite a program so that it tells what it reads and writes, and does the same as before.

Nothing moves to another line, and each operation stays in the program's own code with a hook beside
it (see hook.py), as pytest does with asserts.
"""

# ruff: noqa: N802, N815 (ast.NodeVisitor calls methods by the names of nodes)
from __future__ import annotations

import ast
from types import CodeType

from raceexplore.observe.effects.stored_names import expected
from raceexplore.observe.rewrite.loops import names_in
from raceexplore.observe.rewrite.operators import CONTENTS, is_number
from raceexplore.observe.rewrite.patterns import PatternRewriter, unpacked
from raceexplore.observe.rewrite.position import Place
from raceexplore.observe.rewrite.stores import deep_trees, expect, stores_of
from raceexplore.observe.rewrite.syntax import hook, load, named, suspends, whole


def compile_observed(source: str | bytes, filename: str, *, expect_stores: bool = True) -> CodeType:
    """Return the code of a module, rewritten. Its globals must hold `injected.INJECTED`.

    expect_stores: what it stores may hide the methods of any object, as a program's own code may.
    Raises SyntaxError as ``compile`` does.
    """
    tree = ast.parse(source, filename)
    with deep_trees():
        return compile(
            rewrite(tree, expect_stores=expect_stores), filename, "exec", dont_inherit=True
        )


def rewrite(tree: ast.Module, *, expect_stores: bool = True) -> ast.Module:
    """Rewrite the syntax tree of a module in place, and return it."""
    place = Place(tree)
    if expect_stores:
        expect(stores_of(tree, place))
        expected.stores.is_used = True
    _Rewriter(place).block(tree.body)
    return ast.fix_missing_locations(tree)


class _Rewriter(PatternRewriter):
    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
        node.decorator_list = [self.expression(part) for part in node.decorator_list]
        node.returns = self.annotation(node.returns)
        self.visit(node.args)
        with self.place.inside(node):
            self.block(node.body)
        return [node, *self.written([node.name], node)]

    visit_FunctionDef = function
    visit_AsyncFunctionDef = function

    def visit_ClassDef(self, node: ast.ClassDef) -> list[ast.stmt]:
        node.decorator_list = [self.expression(part) for part in node.decorator_list]
        node.bases = [self.expression(part) for part in node.bases]
        for keyword in node.keywords:
            keyword.value = self.expression(keyword.value)
        with self.place.inside(node):
            self.block(node.body)
        return [node, *self.written([node.name], node)]

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
        names = [part.asname or part.name.partition(".")[0] for part in node.names]
        return [node, *self.written(names, node)]

    visit_ImportFrom = visit_Import

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        value = self.expression(node.value)
        for target in node.targets:
            value = unpacked(value, target)
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
                value = whole(value)
        node.value = value
        for name in names_in(*node.targets):
            if self.place.is_shared(name):
                node.value = self.stored_name(node.value, name)
        node.targets = [self.expression(target) for target in node.targets]
        return node

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        notes = self.written(names_in(*node.targets), node)
        node.targets = [self.expression(target) for target in node.targets]
        return [*notes, node]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        waits = suspends(node.value)
        # A container stays as it is when a number is added: that fails.
        number = is_number(node.value) and not isinstance(node.op, ast.Mult)
        constant = isinstance(node.value, ast.Constant)
        node.value = self.expression(node.value)
        if type(node.op) in CONTENTS and not constant:
            node.value = whole(node.value)
        target = node.target
        if isinstance(target, ast.Attribute):
            self.update_attribute(node, target, waits=waits, number=number)
        elif isinstance(target, ast.Subscript):
            self.update_item(node, target, waits=waits, number=number)
        elif self.place.is_shared(target.id):
            self.update_shared(node, target.id, waits=waits)
        elif not number:
            node.value = hook("inplace", node.value, load(target.id))
        return node

    def update_attribute(
        self, node: ast.AugAssign, target: ast.Attribute, *, waits: bool, number: bool
    ) -> None:
        """``obj.name += value``: read and written at once, unless ``value`` awaits."""
        name = self.place.stored(target.attr)
        target.value = self.expression(target.value)
        if waits:
            holder = self.place.temporary()
            target.value = hook("attr", named(holder, target.value), name)
            node.value = hook("late_set", node.value, load(holder), name)
        else:
            target.value = hook("set_attr" if number else "update_attr", target.value, name)

    def update_item(
        self, node: ast.AugAssign, target: ast.Subscript, *, waits: bool, number: bool
    ) -> None:
        """``obj[key] += value``: the same."""
        target.value = self.expression(target.value)
        target.slice = self.expression(target.slice)
        if waits:
            holder, keeper = self.place.temporary(), self.place.temporary()
            target.value = named(holder, target.value)
            sliced = isinstance(target.slice, ast.Slice)
            where = ast.Constant(...) if sliced else load(keeper)
            if not sliced:
                target.slice = named(keeper, target.slice)
            self.subscript(target, "item")
            node.value = hook("late_set_item", node.value, load(holder), where)
        else:
            self.subscript(target, "set_item" if number else "update_item")

    def update_shared(self, node: ast.AugAssign, name: str, *, waits: bool) -> None:
        """``name += value`` of a shared variable: the same."""
        if waits:
            read = hook("read_name", load(name), self.place.cell(name), self.place.stored(name))
            pair = ast.Tuple([read, node.value], ast.Load())
            value = ast.Subscript(pair, ast.Constant(1), ast.Load())
            node.value = self.stored_name(ast.copy_location(value, node.value), name)
        else:
            stored = self.place.stored(name)
            node.value = hook("update_name", node.value, load(name), self.place.cell(name), stored)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> ast.stmt:
        lazy = suspends(*node.body)
        is_async = isinstance(node, ast.AsyncFor)
        node.iter = self.iterated(node.iter, node.target, lazy=lazy, is_async=int(is_async))
        notes = self.written(names_in(node.target), node.target)
        node.target = self.expression(node.target)
        self.block(node.body)
        node.body[:0] = notes
        self.block(node.orelse)
        return node

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While | ast.If) -> ast.stmt:
        node.test = self.condition(node.test)
        self.block(node.body)
        self.block(node.orelse)
        return node

    visit_If = visit_While

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        node.test = self.condition(node.test)
        if node.msg is not None:
            node.msg = self.expression(node.msg)
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        made = isinstance(node.exc, ast.Call)
        node.exc = node.exc and self.expression(node.exc)
        node.cause = node.cause and self.expression(node.cause)
        if node.exc is not None and not made:
            node.exc = hook("raised", node.exc)
        return node

    def visit_With(self, node: ast.With | ast.AsyncWith) -> ast.stmt:
        targets = [part.optional_vars for part in node.items if part.optional_vars is not None]
        shared = any(self.place.is_shared(name) for name in names_in(*targets))
        if shared and len(node.items) > 1 and isinstance(node, ast.AsyncWith):
            # Each variable is noted when it is bound: others may run before the next is.
            inner = ast.copy_location(ast.AsyncWith(node.items[1:], node.body), node)
            node.items, node.body = node.items[:1], [inner]
        kind = "opened" if isinstance(node, ast.With) else "entered"
        first: list[ast.stmt] = []
        for part in node.items:
            part.context_expr = hook(kind, self.expression(part.context_expr))
            first += self.entered(part)
        self.block(node.body)
        node.body[:0] = first
        return node

    visit_AsyncWith = visit_With

    def entered(self, item: ast.withitem) -> list[ast.stmt]:
        """Rewrite ``as target``; return what comes first in the block."""
        target = item.optional_vars
        if target is None:
            return []
        keeper = self.place.temporary() if isinstance(target, ast.Tuple | ast.List) else ""
        if not keeper:
            item.optional_vars = self.expression(target)
            return self.written(names_in(target), target)
        item.optional_vars = ast.copy_location(ast.Name(keeper, ast.Store()), target)
        unpack = ast.Assign([target], ast.copy_location(load(keeper), target))
        return [self.visit_Assign(ast.copy_location(unpack, target))]

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        if node.type is not None:
            node.type = self.expression(node.type)
        self.block(node.body)
        if node.name is not None and self.place.is_shared(node.name):
            # Python deletes the variable at the end of the handler, however that ends.
            guarded = ast.Try(node.body, [], [], self.written([node.name], node))
            place = ast.copy_location(guarded, node.body[0])
            node.body = [*self.written([node.name], node), place]
        return node
