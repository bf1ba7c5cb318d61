"""What belongs to the user's project: all that is loaded and is neither Python's nor installed."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.standing.walk import is_installed, is_user_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

OURS = "raceexplore"
GUESTS = f"{OURS}.models"
RUNTIMES = {
    "trio": "trio is what raceexplore runs programs on, and its primitives are known to it",
    "outcome": "it is part of trio",
    "sniffio": "it is part of trio",
    OURS: "raceexplore does not observe itself",
}


def is_project_file(file: str) -> bool:
    """Return whether ``file`` is the user's own: not Python's, not installed, not ours."""
    if not is_user_file(file):
        return False
    return not is_installed(_real(file) if file.startswith(os.sep) else os.path.realpath(file))


@lru_cache(maxsize=10_000)
def _real(file: str) -> str:
    """Return where an absolute path leads: asked at each campaign of each module."""
    return os.path.realpath(file)


def own_packages(path: Path) -> tuple[str, ...]:
    """Return the modules of the user's project that are loaded: packages as a whole, else modules.

    path: the file of the program, which is not among them, unless it is in one of the packages. The
    files beside it count too: the program may import them later, when it runs.
    """
    found: list[str] = []
    for name, module in sorted(sys.modules.items()):
        covered = any(name.startswith(f"{package}.") for package in found)
        if not covered and module is not None and _is_own(name, module, path):
            found.append(name)
    beside = [file.stem for file in sorted(path.parent.glob("*.py")) if file != path]
    late = [n for n in beside if n.isidentifier() and n not in sys.modules and n != "__init__"]
    return tuple(sorted({*found, *(n for n in late if n not in sys.stdlib_module_names)}))


def _is_own(name: str, module: ModuleType, path: Path) -> bool:
    if name == "__main__" or name.partition(".")[0] == OURS:
        # a model may be run from a checkout while its imports find the installed package
        return name.startswith(f"{GUESTS}.") and _is_beside(module, path)
    spec = getattr(module, "__spec__", None)
    if spec is not None and spec.submodule_search_locations is not None and spec.origin is None:
        places = [os.path.join(place, "") for place in spec.submodule_search_locations]  # noqa: PTH118
        return bool(places) and all(map(is_project_file, places))  # a package without __init__.py
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py") or not is_project_file(file):
        return False
    return Path(file).resolve() != path or Path(file).name == "__init__.py" or "." in name


def _is_beside(module: ModuleType, path: Path) -> bool:
    file = Path(str(getattr(module, "__file__", None) or ""))
    twin = file.parent.name == path.parent.name and (path.parent / file.name).is_file()
    return twin and file.name not in ("__init__.py", path.name)


def check_observable(packages: Iterable[str]) -> tuple[str, ...]:
    """Return ``packages``, which a user wants observed. Raises `BadOption` for what cannot be."""
    if type(packages) is str or not isinstance(packages, Iterable):
        raise BadOption(f"{packages!r} is no list of packages to observe")
    named = list(packages)
    for package in named:
        if type(package) is not str:
            raise BadOption(f"{package!r} cannot be observed: it is not the name of a package")
        _check(package)
    return tuple(dict.fromkeys(named))


def _check(package: str) -> None:
    root = package.partition(".")[0]
    if root in RUNTIMES:
        raise BadOption(f"{package} cannot be observed: {RUNTIMES[root]}")
    if root in sys.stdlib_module_names:
        raise BadOption(f"{package} cannot be observed: it is part of Python")
    try:
        spec = importlib.util.find_spec(package) if _is_dotted(package) else None
    except (ImportError, ValueError, AttributeError):
        spec = None
    if spec is None:
        raise BadOption(f"{package} cannot be observed: there is no package of that name")
    has_source = isinstance(spec.loader, SourceFileLoader)
    if not has_source and not spec.submodule_search_locations:
        raise BadOption(f"{package} cannot be observed: it has no Python source")


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def installed_packages(files: Sequence[str]) -> list[str]:
    """Return the packages that the installed ``files`` belong to, by name."""
    found = set()
    for file in files:
        parts = Path(os.path.realpath(file)).parts
        for folder in ("site-packages", "dist-packages"):
            if folder in parts[:-1]:
                found.add(parts[parts.index(folder) + 1].removesuffix(".py"))
    return sorted(found)
