"""Names of a package that are fetched at first use, so that ``raceexplore --help`` is fast.

They are written once: where the package imports them for type checkers.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from importlib import import_module
from linecache import getlines
from typing import Any


@cache
def homes(package: str) -> dict[str, str]:
    """Return the module of each name that ``package`` imports under TYPE_CHECKING."""
    module = sys.modules[package]
    source = "".join(getlines(str(module.__file__), vars(module)))  # from a zip file, too
    return {
        alias.name: str(statement.module)
        for node in ast.parse(source).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
        if alias.asname == alias.name
    }


def fetch(package: str, name: str) -> Any:
    """Return what ``name`` is in ``package``, and let it be found there from now on."""
    if name == "__all__":
        return sorted(homes(package))
    if name.startswith("__") or name not in homes(package):
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    value = getattr(import_module(homes(package)[name]), name)
    setattr(sys.modules[package], name, value)
    return value
