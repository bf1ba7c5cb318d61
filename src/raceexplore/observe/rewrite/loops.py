"""How loops and comprehensions are rewritten: what they go over is read, perhaps step by step."""

# ruff: noqa: N802, N815 (ast.NodeVisitor calls methods by the names of nodes)
from __future__ import annotations

import ast

from raceexplore.observe.rewrite.operators import OperatorRewriter
from raceexplore.observe.rewrite.position import ITERATORS
from raceexplore.observe.rewrite.syntax import FRESH, hook, load, suspends, whole


def names_in(*targets: ast.expr) -> list[str]:
    """Return the variables that targets of an assignment bind or delete."""
    found = [node for target in targets for node in ast.walk(target)]
    return [
        node.id
        for node in found
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    ]


def is_nested(target: ast.expr) -> bool:
    """Tell whether a target unpacks what it has unpacked."""
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else []
    inner = [part.value if isinstance(part, ast.Starred) else part for part in parts]
    return any(isinstance(part, ast.Tuple | ast.List) for part in inner)


def gives_tuples(node: ast.expr, made: str | None, target: ast.expr) -> bool:
    """Tell whether what a loop goes over makes a new tuple for each step."""
    items = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    items = items and node.func.attr == "items"  # type: ignore[attr-defined]
    return (items or made in {"enumerate", "zip"}) and not is_nested(target)


class LoopRewriter(OperatorRewriter):
    """Rewrite loops in place; the other expressions are left to its child."""

    def stored_name(self, value: ast.expr, name: str) -> ast.expr:
        """Return ``value``, noted as what a shared variable is about to get."""
        return hook("write_name", value, self.place.cell(name), self.place.stored(name))

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        """Rewrite ``yield from values``."""
        node.value = hook("delegated", self.iterator(self.expression(node.value)))
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
            first = generators[0]
            return self.iterated(first.iter, first.target, lazy=lazy, is_async=first.is_async)

    def generators(self, generators: list[ast.comprehension], *, lazy: bool) -> None:
        """Rewrite all of a comprehension's ``for`` and ``if`` but the first iterable."""
        for index, generator in enumerate(generators):
            notes = [
                self.stored_name(
                    ast.copy_location(ast.Constant(value=True), generator.target), name
                )
                for name in names_in(generator.target)
                if self.place.is_shared(name)
            ]
            generator.ifs = [*notes, *[self.condition(test) for test in generator.ifs]]
            if index:
                with self.place.iterable():
                    generator.iter = self.iterated(
                        generator.iter, generator.target, lazy=lazy, is_async=generator.is_async
                    )
            generator.target = self.expression(generator.target)

    def iterated(
        self, node: ast.expr, target: ast.expr, *, lazy: bool, is_async: int = 0
    ) -> ast.expr:
        """Return what a loop goes over; ``lazy``: other tasks may run between its steps."""
        made = self.place.makes(node)
        rewritten = self.expression(node)
        if is_async:
            return hook("stream", rewritten)
        if isinstance(target, ast.Tuple | ast.List) and not gives_tuples(node, made, target):
            deep = "__iter__" if is_nested(target) else ""
            return hook("elements", self.iterator(rewritten), "__iter__", deep)
        if isinstance(node, FRESH) or (made is not None and (made not in ITERATORS)):
            return rewritten
        if lazy:
            return hook("each", self.iterator(rewritten))
        return whole(rewritten) if made is None else hook("behind", rewritten)

    @staticmethod
    def iterator(node: ast.expr) -> ast.expr:
        """Return ``iter(node)``: what a loop, which makes one itself, takes its steps from."""
        return ast.copy_location(ast.Call(load("__rx_iter__"), [node], []), node)
