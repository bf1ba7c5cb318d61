"""Which attributes observed code stores: only those can hide a method, or change under a reader.

Collected from the source of each module before it runs, for all modules of the process.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from raceexplore.observe.rewrite.position import Place


@dataclass(slots=True)
class Stores:
    """Names of attributes that are stored somewhere.

    anywhere: on any object. modules: on something that was imported. classes: on what may be a
    class. unnamed: some name is known only when the program runs.
    """

    anywhere: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    unnamed: bool = False

    def has(self, name: str) -> bool:
        """Tell whether an attribute, as Python stores its name, may be stored."""
        return self.unnamed or name in self.anywhere or bare(name) in self.anywhere

    def size(self) -> tuple[int, int, int, bool]:
        """Return how much is known; it only grows."""
        return len(self.anywhere), len(self.modules), len(self.classes), self.unnamed


expected: Final = Stores()
"""What the modules that were rewritten so far store."""


def bare(name: str) -> str:
    """Return a private name as the source has it: ``_C__a`` is ``__a``."""
    before, dunder, after = name.partition("__")
    private = dunder and before.startswith("_") and not name.startswith("__")
    return f"__{after}" if private else name


def expect(tree: ast.Module, place: Place) -> None:
    """Add what a module stores."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            _expect_one(node.attr, node.value, place)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id not in {"setattr", "delattr"} or len(node.args) < 2:
                continue
            name = node.args[1]
            if isinstance(name, ast.Constant):
                _expect_one(str(name.value), node.args[0], place)
            else:
                expected.unnamed = True


def _expect_one(name: str, owner: ast.expr, place: Place) -> None:
    expected.anywhere.add(name)
    if place.is_imported(owner):
        expected.modules.add(name)
    named = isinstance(owner, ast.Name) and (owner.id == "cls" or place.is_class(owner.id))
    made = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name)
    asked = made and owner.func.id == "type"  # type: ignore[attr-defined]
    asked = asked or (isinstance(owner, ast.Attribute) and owner.attr == "__class__")
    if named or asked or place.is_imported(owner):
        expected.classes.add(name)
