"""Which attributes observed code stores: only those can hide a method, or change under a reader.

Collected from the source of each module before it runs, for all modules of the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


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
