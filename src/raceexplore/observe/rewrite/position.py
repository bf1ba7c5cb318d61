"""Where in the program the rewriter is: the scope, the class, and which names mean what there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

from raceexplore.observe.effects.stored_names import expected
from raceexplore.observe.rewrite.scopes import Scope, mangle, scopes_of
from raceexplore.observe.rewrite.syntax import load

ITERATORS: Final = frozenset({"enumerate", "filter", "iter", "map", "reversed", "zip"})
DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
MAKING: Final = ITERATORS | frozenset(
    {"abs", "all", "any", "bool", "bytearray", "bytes", "callable", "dict", "divmod", "float"}
    | {"format", "frozenset", "hasattr", "hash", "id", "int", "isinstance", "issubclass", "len"}
    | {"list", "ord", "range", "repr", "round", "set", "sorted", "str", "tuple"}
)
"""Builtins whose result nobody else has, and those of them that make an iterator."""


class Place:
    """The rewriter's position in a module; implements `build.Context`."""

    def __init__(self, tree: ast.Module) -> None:
        self.scopes = scopes_of(tree)
        self.scope: Scope = self.scopes[tree]
        self.class_name = ""
        self.iterables = 0
        self.numbers = count(1)
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        features = [
            alias.name for node in imports if node.module == "__future__" for alias in node.names
        ]
        self.postponed = "annotations" in features
        functions = [node for node in ast.walk(tree) if isinstance(node, DEFINITIONS)]
        self.defined = frozenset(node.name for node in functions)

    @contextmanager
    def inside(self, node: ast.AST) -> Iterator[None]:
        """Be in the scope that ``node`` opens."""
        before = self.scope, self.class_name
        self.scope = self.scopes[node]
        if isinstance(node, ast.ClassDef):
            self.class_name = node.name
        yield
        self.scope, self.class_name = before

    @contextmanager
    def iterable(self) -> Iterator[None]:
        """Be in the iterable of a comprehension, where Python forbids ``:=``."""
        self.iterables += 1
        yield
        self.iterables -= 1

    def stored(self, name: str) -> str:
        """Return a name as Python stores it: a private one has the class in front."""
        return mangle(name, self.class_name)

    def temporary(self) -> str:
        """Return a new name for a temporary variable; "" where none can be bound."""
        if self.iterables or not self.scope.home().is_function():
            return ""
        return f"__rx_{next(self.numbers)}__"

    def origin(self, node: ast.expr) -> str:
        """Return the dotted name of an imported or built-in function or module, or ""."""
        if isinstance(node, ast.Name):
            return self.scope.origin(self.stored(node.id))
        if isinstance(node, ast.Attribute):
            base = self.origin(node.value)
            known = base and base.partition(".")[0] != "builtins"
            return f"{base}.{node.attr}" if known else ""
        return ""

    def is_imported(self, node: ast.expr) -> bool:
        """Tell whether an expression of this file stands for something imported, anywhere in it."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and any(
            node.id in scope.imports for scope in self.scopes.values()
        )

    def is_class(self, name: str) -> bool:
        """Tell whether some class of this file has the name."""
        return any(
            isinstance(site, ast.ClassDef)
            for scope in self.scopes.values()
            for site in scope.bindings.get(name, ())
        )

    def makes(self, node: ast.expr) -> str | None:
        """Return the builtin that a call makes something new with; None if it is no such call."""
        origin = self.origin(node.func) if isinstance(node, ast.Call) else ""
        root, _, name = origin.rpartition(".")
        return name if root == "builtins" and name in MAKING else None

    def evaluates_annotations(self) -> bool:
        """Tell whether annotations here are evaluated, and when a function runs."""
        return not self.postponed and self.scope.is_inside_function()

    def defines(self, name: str) -> bool:
        """Tell whether some function or method of the file has the name."""
        return name in self.defined

    def is_own(self, node: ast.expr) -> bool:
        """Tell whether a name is surely that of a function, or a class, of this file."""
        if not isinstance(node, ast.Name):
            return False
        stored = self.stored(node.id)
        owner = self.scope.owner(stored)
        sites = owner.bindings.get(stored, [])
        defined = [site for site in sites if isinstance(site, DEFINITIONS)]
        known = len(sites) == len(defined) == 1 and stored not in owner.rebound
        return known and not defined[0].decorator_list

    def is_shared(self, name: str) -> bool:
        """Tell whether tasks can see each other's writes of a variable."""
        stored = self.stored(name)
        owner = self.scope.owner(stored)
        if owner.parent is None and stored in expected.stores.modules and stored in owner.bindings:
            return self.scope.is_inside_function()  # another module may store it
        return owner.shares(stored)

    def may_miss(self, name: str) -> bool:
        """Tell whether a shared variable may not be bound when it is read."""
        stored = self.stored(name)
        return self.scope.owner(stored).may_miss(stored)

    def cell(self, name: str) -> ast.expr:
        """Return an expression for the place that holds a shared variable: a module or a cell."""
        if self.scope.owner(self.stored(name)).parent is None:
            return load("__rx_module__")
        # The closure of a function that uses the variable is the variable's own cell.
        bare = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        closure = ast.Attribute(ast.Lambda(bare, load(name)), "__closure__", ast.Load())
        return ast.Subscript(closure, ast.Constant(0), ast.Load())
