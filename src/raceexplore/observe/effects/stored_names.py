"""Which attributes observed code stores: only those can hide a method, or change under a reader.

Collected from the source of a program's modules before they run. Each program has its own: what it
is told of must not hang on which others the process has loaded before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(slots=True)
class Stores:
    """Names of attributes that are stored somewhere in a program.

    anywhere: on any object. modules: on something that was imported. classes: on what may be a
    class. unnamed: some name is known only when the program runs. late: those of ``modules`` that
    were found only after another module had been rewritten, whose reads of them are not noted.
    """

    anywhere: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    unnamed: bool = False
    late: set[str] = field(default_factory=set)
    is_used: bool = False

    def has(self, name: str) -> bool:
        """Tell whether an attribute, as Python stores its name, may be stored."""
        return self.unnamed or name in self.anywhere or bare(name) in self.anywhere

    def size(self) -> tuple[int, int, int, bool]:
        """Return how much is known; it only grows."""
        return len(self.anywhere), len(self.modules), len(self.classes), self.unnamed

    def learn(self, found: Stores) -> bool:
        """Take in what one more module stores; return whether any of it is new."""
        before = self.size()
        if self.is_used:
            self.late |= found.modules - self.modules
        self.anywhere |= found.anywhere
        self.modules |= found.modules
        self.classes |= found.classes
        self.unnamed |= found.unnamed
        return self.size() != before

    def again(self) -> Stores:
        """Return the same, for a program of which nothing is rewritten yet: nothing is late."""
        return Stores(self.anywhere, self.modules, self.classes, self.unnamed)

    def are_told(self, name: str) -> bool:
        """Tell whether all who read a variable of a module note it, if its name is ``name``."""
        return name in self.modules and name not in self.late


@dataclass(slots=True)
class Expected:
    """The stores of the program that is loaded, or runs."""

    stores: Stores


everything: Final = Stores()
"""What all programs of the process store: for a function that does not show which one it is of."""

expected: Final = Expected(everything)


def bare(name: str) -> str:
    """Return a private name as the source has it: ``_C__a`` is ``__a``."""
    before, dunder, after = name.partition("__")
    private = dunder and before.startswith("_") and not name.startswith("__")
    return f"__{after}" if private else name
