"""Which async runtime a program is written for: what its module imports says so."""

from __future__ import annotations

import ast
import inspect
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from raceexplore.kernel.fence.hostile import UNREADABLE, is_a

if TYPE_CHECKING:
    from collections.abc import Iterable

EITHER = "anyio"  # runs on both; here on trio, unless told otherwise


def runtime_of(function: Any) -> str:
    """Return ``trio`` or ``asyncio``, whichever the module of ``function`` imports.

    What it imports of its own comes first; if that names no runtime, what the packages that it
    imports are written for. A module that imports both, anyio alone, or neither is trio's.
    """
    while inner := getattr(function, "func", None) or getattr(function, "__wrapped__", None):
        function = inner
    module = sys.modules.get(str(getattr(function, "__module__", "")))
    if not is_a(module, ModuleType):
        return "trio"
    found = _known.get(module)
    if found is None:
        found = _known[module] = _of_module(module)
    return found


# Of a module, and not by its name: another program may be called so later in the same process.
_known: WeakKeyDictionary[ModuleType, str] = WeakKeyDictionary()


def _of_module(module: ModuleType) -> str:
    roots = _imported(module)
    loaded = [inner for root in roots for inner in _loaded(root)]
    return _named(roots) or _named(root for inner in loaded for root in _held(inner)) or "trio"


def _named(roots: Iterable[str]) -> str:
    """Return the runtime that is among ``roots``; empty if none is."""
    found = frozenset(roots)
    if "trio" in found or ("asyncio" not in found and EITHER in found):
        return "trio"
    return "asyncio" if "asyncio" in found else ""


def _imported(module: ModuleType) -> list[str]:
    """Return the top-level names of what ``module`` imports, anywhere in its source."""
    found = dict.fromkeys(_held(module))
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, *UNREADABLE):
        return list(found)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys(alias.name.partition(".")[0] for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found[node.module.partition(".")[0]] = None
    return list(found)


def _held(module: ModuleType) -> list[str]:
    """Return the top-level names of the modules that the variables of ``module`` hold."""
    values = [value for value in vars(module).values() if is_a(value, ModuleType)]
    return [str(vars(value).get("__name__", "")).partition(".")[0] for value in values]


def _loaded(root: str) -> list[ModuleType]:
    """Return the modules of the package ``root`` that are loaded, unless it is Python's or ours."""
    if root in sys.stdlib_module_names or root == "raceexplore":
        return []
    return [
        module
        for name, module in sorted(sys.modules.items())
        if is_a(module, ModuleType) and name.partition(".")[0] == root
    ]
