"""Which variables tasks can share: Python's scoping rules, worked out from the syntax tree."""

# ruff: noqa: N815 (ast.NodeVisitor calls methods by the names of nodes)
from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import Final

from raceexplore.observe.rewrite.syntax import CONSUMERS, suspends

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
DEFINITIONS: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
)


@dataclass(eq=False, slots=True)
class Scope:
    """A namespace of the program: of a module, a function, a class body or a comprehension.

    bindings: the nodes that bind a name. repeated: names bound in a loop, updated or deleted.
    reach: names that inner functions use -> the first line of such a function. unsure: names that
    are deleted somewhere. lasts: it is a comprehension during which other tasks may run.
    """

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[ast.AST]] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    outer: dict[str, str] = field(default_factory=dict)
    reach: dict[str, int] = field(default_factory=dict)
    rebound: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    lasts: bool = False

    def is_function(self) -> bool:
        """Tell whether it is the body of a function or a lambda."""
        return isinstance(self.node, FUNCTIONS)

    def is_inside_function(self) -> bool:
        """Tell whether it is a function, or in one."""
        return self.is_function() or (self.parent is not None and self.parent.is_inside_function())

    def is_comprehension(self) -> bool:
        """Tell whether it is a comprehension or a generator expression."""
        return isinstance(self.node, COMPREHENSIONS)

    def home(self) -> Scope:
        """Return the scope itself, or what is around a comprehension."""
        scope = self
        while scope.is_comprehension() and scope.parent is not None:
            scope = scope.parent
        return scope

    def module(self) -> Scope:
        """Return the outermost scope."""
        return self if self.parent is None else self.parent.module()

    def owner(self, name: str) -> Scope:
        """Return the scope that a name belongs to; builtins belong to the module."""
        declared = self.outer.get(name)
        if declared == "global":
            return self.module()
        if name in self.bindings and declared is None:
            return self
        scope = self.parent
        while scope is not None and scope.parent is not None:
            if name in scope.outer:
                return scope.owner(name)
            if name in scope.bindings and not isinstance(scope.node, ast.ClassDef):
                return scope
            scope = scope.parent
        return self.module()

    def shares(self, name: str) -> bool:
        """Tell whether tasks can see each other's writes of this scope's own variable."""
        if self.parent is None or name in self.rebound:
            return name in self.rebound
        if not (self.is_function() or self.lasts) or name not in self.reach:
            return False
        sites = self.bindings.get(name, [])
        if len(sites) > 1 or name in self.repeated:
            return True
        return any(
            getattr(site, "lineno", 0) >= self.reach[name]
            for site in sites
            if not isinstance(site, (*DEFINITIONS, ast.arg))
        )

    def may_miss(self, name: str) -> bool:
        """Tell whether this scope's own variable may not be bound when it is read."""
        sites = self.bindings.get(name, [])
        late = self.reach.get(name, 0)
        first = min((getattr(site, "lineno", 0) for site in sites), default=late)
        return name in self.unsure or not sites or (self.parent is not None and first >= late > 0)

    def origin(self, name: str) -> str:
        """Return where an imported name comes from, e.g. ``heapq.heappush``; empty if unknown.

        A builtin that nobody rebinds comes from ``builtins``.
        """
        owner = self.owner(name)
        sites = owner.bindings.get(name, [])
        if not sites:
            free = owner.parent is None and name not in owner.rebound
            return f"builtins.{name}" if free and hasattr(builtins, name) else ""
        return owner.imports.get(name, "") if len(sites) == 1 else ""


def mangle(name: str, class_name: str) -> str:
    """Return a private name as Python stores it: ``__a`` in class ``C`` is ``_C__a``."""
    bare = class_name.lstrip("_")
    private = name.startswith("__") and not name.endswith("__") and "." not in name
    return f"_{bare}{name}" if private and bare else name


def scopes_of(tree: ast.Module) -> dict[ast.AST, Scope]:
    """Return the scope of each node that opens one, with all that `Scope` tells filled in."""
    reader = _Reader(tree)
    for statement in tree.body:
        reader.visit(statement)
    for scope in reader.scopes.values():
        for name in scope.uses | scope.bindings.keys():
            connect(scope, name)
    return reader.scopes


def connect(scope: Scope, name: str) -> None:
    """Tell the owner of a name that ``scope`` uses it, or binds it from outside."""
    owner = scope.owner(name)
    if name in scope.unsure:
        owner.unsure.add(name)
    if owner is not scope and name in scope.bindings:
        owner.rebound.add(name)
    line = 0
    while scope is not owner and scope.parent is not None:
        if scope.is_function() or scope.lasts:
            line = getattr(scope.node, "lineno", 0)
        scope = scope.parent
    if line:
        owner.reach[name] = min(line, owner.reach.get(name, line))


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Return all parameters of a function."""
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]


class _Reader(ast.NodeVisitor):
    def __init__(self, tree: ast.Module) -> None:
        self.scope = Scope(tree, None)
        self.scopes: dict[ast.AST, Scope] = {tree: self.scope}
        self.class_name = ""
        self.loops = 0
        self.consumed: set[ast.AST] = set()

    def bind(self, name: str, node: ast.AST) -> None:
        scope = self.scope
        if isinstance(node, ast.NamedExpr):
            scope = scope.home()
        name = mangle(name, self.class_name)
        scope.bindings.setdefault(name, []).append(node)
        if self.loops:
            scope.repeated.add(name)

    def inside(self, node: ast.AST, parts: list[ast.AST]) -> None:
        """Visit ``parts`` in the scope that ``node`` opens."""
        before = self.scope, self.loops, self.class_name
        self.scope = self.scopes[node] = Scope(node, self.scope)
        self.loops = 0
        if isinstance(node, ast.ClassDef):
            self.class_name = node.name
        if isinstance(node, FUNCTIONS):
            for parameter in parameters(node.args):
                self.bind(parameter.arg, parameter)
        for part in parts:
            self.visit(part)
        self.scope, self.loops, self.class_name = before

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.bind(node.name, node)
        for part in (*node.decorator_list, node.args):
            self.visit(part)
        self.inside(node, [*node.body])

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self.inside(node, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bind(node.name, node)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        self.inside(node, [*node.body])

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self.comprehension(node, node.generators, [node.elt])

    visit_SetComp = visit_ListComp
    visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self.comprehension(node, node.generators, [node.key, node.value])

    def comprehension(
        self, node: ast.AST, generators: list[ast.comprehension], parts: list[ast.expr]
    ) -> None:
        # Python evaluates the first iterable outside.
        self.visit(generators[0].iter)
        first = [generators[0].target, *generators[0].ifs]
        self.inside(node, [*first, *generators[1:], *parts])
        lazy = isinstance(node, ast.GeneratorExp) and node not in self.consumed
        self.scopes[node].lasts = lazy or suspends(node)

    def visit_Call(self, node: ast.Call) -> None:
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in CONSUMERS:
            self.consumed.update(part for part in node.args if isinstance(part, ast.GeneratorExp))
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        self.loops += 1
        self.generic_visit(node)
        self.loops -= 1

    visit_AsyncFor = visit_For
    visit_While = visit_For

    def visit_Name(self, node: ast.Name) -> None:
        name = mangle(node.id, self.class_name)
        if isinstance(node.ctx, ast.Load):
            self.scope.uses.add(name)
            return
        self.bind(node.id, node)
        if isinstance(node.ctx, ast.Del):
            self.scope.repeated.add(name)
            self.scope.unsure.add(name)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.bind(node.target.id, node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.generic_visit(node)
        if isinstance(node.target, ast.Name):
            self.scope.repeated.add(mangle(node.target.id, self.class_name))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        for part in (node.value, node.target):
            if part is not None:
                self.visit(part)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        for name in node.names:
            self.scope.outer[mangle(name, self.class_name)] = kind

    visit_Nonlocal = visit_Global

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            local = alias.asname or alias.name.partition(".")[0]
            self.bind(local, node)
            self.scope.imports[local] = alias.name if alias.asname else local

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            local = alias.asname or alias.name
            self.bind(local, node)
            self.scope.imports[local] = f"{'.' * node.level}{node.module or ''}.{alias.name}"

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name is not None:
            self.bind(node.name, node)
            self.scope.unsure.add(mangle(node.name, self.class_name))
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name is not None:
            self.bind(node.name, node)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest is not None:
            self.bind(node.rest, node)
        self.generic_visit(node)
