"""How ``match`` statements and unpacking are rewritten: they read what is inside of an object."""

# ruff: noqa: N802 (ast.NodeVisitor calls methods by the names of nodes)
from __future__ import annotations

import ast

from raceexplore.observe.rewrite.expressions import ExpressionRewriter
from raceexplore.observe.rewrite.loops import is_nested
from raceexplore.observe.rewrite.syntax import FRESH, contents, hook, whole


def unpacked(value: ast.expr, target: ast.expr) -> ast.expr:
    """Return the value of an assignment, read as far as the target unpacks it."""
    if not isinstance(target, ast.Tuple | ast.List):
        return value
    if not isinstance(value, ast.Tuple | ast.List):
        return contents(value, "__iter__", "__eq__") if is_nested(target) else whole(value)
    if is_nested(target):
        pairs = zip(value.elts, target.elts, strict=False)
        starred = any(isinstance(part, ast.Starred) for part in (*value.elts, *target.elts))
        if starred:
            return contents(value, "__iter__", "__eq__")
        value.elts[: len(target.elts)] = [unpacked(*pair) for pair in pairs]
    return value


def captures(pattern: ast.pattern) -> list[str]:
    """Return the variables that a ``case`` binds."""
    found: list[str] = []
    for node in ast.walk(pattern):
        name = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
        if isinstance(name, str):
            found.append(name)
    return found


def levels(pattern: ast.AST) -> int:
    """Return how many levels deep a pattern looks into what it is matched with."""
    below = max((levels(part) for part in ast.iter_child_nodes(pattern)), default=0)
    looks = isinstance(
        pattern, ast.MatchClass | ast.MatchMapping | ast.MatchSequence | ast.MatchValue
    )
    return below + looks


class PatternRewriter(ExpressionRewriter):
    """Rewrite ``match`` statements in place; the others are left to its child."""

    def block(self, body: list[ast.stmt]) -> None:
        """Rewrite the statements of a body in place."""
        rewritten: list[ast.stmt] = []
        for statement in body:
            found = self.visit(statement)
            rewritten.extend(found if isinstance(found, list) else [found])
        body[:] = rewritten

    def written(self, names: list[str], where: ast.AST) -> list[ast.stmt]:
        """Return statements that note writes of those ``names`` that are shared variables."""
        notes = [
            self.stored_name(ast.Constant(None), name)
            for name in names
            if name != "*" and self.place.is_shared(name)
        ]
        statements = [ast.copy_location(ast.Expr(note), where) for note in notes]
        for note, statement in zip(notes, statements, strict=True):
            for part in ast.walk(note):
                ast.copy_location(part, statement)
        return [*statements]

    def visit_Match(self, node: ast.Match) -> ast.stmt:
        """Rewrite ``match``."""
        depth = max(levels(case.pattern) for case in node.cases)
        fresh = isinstance(node.subject, FRESH)
        subject = self.expression(node.subject)
        if depth:
            parts = [part for case in node.cases for part in ast.walk(case.pattern)]
            rest = any(isinstance(part, ast.MatchMapping) and part.rest for part in parts)
            name = "__order__" if rest else "__match__"
            name = "" if fresh else name
            subject = hook("matched", subject, name, ast.Constant(depth - 1))
        for kind in [part for case in node.cases for part in ast.walk(case.pattern)]:
            if isinstance(kind, ast.MatchClass) and isinstance(kind.cls, ast.Name):
                subject = self.read_beside(subject, kind.cls.id)
        node.subject = subject
        for case in node.cases:
            self.case(case)
        return node

    def case(self, case: ast.match_case) -> None:
        """Rewrite one ``case``: its variables are bound before its guard is asked."""
        for part in ast.walk(case.pattern):
            if isinstance(part, ast.MatchValue):
                part.value = self.expression(part.value)
            elif isinstance(part, ast.MatchMapping):
                part.keys = [self.expression(key) for key in part.keys]
        names = [name for name in captures(case.pattern) if self.place.is_shared(name)]
        if case.guard is not None:
            guard = self.condition(case.guard)
            no = ast.copy_location(ast.Constant(value=False), guard)
            notes: list[ast.expr] = [self.stored_name(no, name) for name in names]
            noted = ast.copy_location(ast.BoolOp(ast.Or(), [*notes, guard]), guard)
            case.guard = noted if notes else guard
            names = []
        self.block(case.body)
        case.body[:0] = self.written(names, case.pattern)

    def read_beside(self, value: ast.expr, name: str) -> ast.expr:
        """Return ``value``, noted with a read of a variable, if that is shared."""
        if not self.place.is_shared(name):
            return value
        return hook("read_name", value, self.place.cell(name), self.place.stored(name))
