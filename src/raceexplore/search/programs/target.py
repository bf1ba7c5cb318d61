"""What a reference to a program means: a file, the module that it is, and a name in it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from raceexplore.kernel.errors import BadProgram
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.hostile import UNREADABLE
from raceexplore.search.programs.files import exists, is_file


@dataclass(frozen=True, slots=True)
class Target:
    """A file that holds a program.

    path: the file. name: of the program in it, as ``main`` or ``Shop.open``; empty: to be chosen.
    module: what the file is imported as if it is part of a package; empty for a file of its own.
    root: the folder that its imports begin in. shown: the file, or the module, as a reader names it
    from here.
    """

    path: Path
    name: str
    module: str
    root: Path
    shown: str


def find_target(reference: str) -> Target:
    """Return what ``path/to/file.py[:name]`` or ``package.module[:name]`` names.

    Raises `BadProgram`.
    """
    place, name = split_reference(reference)
    if is_module(place):
        return _of_module(place, name)
    path = find_file(place)
    module, root = _in_package(path)
    return Target(path, name, module, root, relative(path, place))


def split_reference(reference: str) -> tuple[str, str]:
    """Return the place and the name (may be empty) in ``place[:name]``."""
    place, colon, name = reference.rpartition(":")
    if not colon or not place or not all(part.isidentifier() for part in name.split(".")):
        return reference, ""
    return place, name


def is_node_id(reference: str) -> bool:
    """Return whether ``reference`` names a pytest test, ``tests/test_x.py::test_y``."""
    file, colons, _ = reference.partition("::")
    if not colons or not file.endswith(".py"):  # a file's own name may hold colons, too
        return False
    return not is_file(Path(split_reference(reference)[0]))


def is_module(place: str) -> bool:
    """Return whether ``place`` is a module's dotted name, and no file that there is."""
    named = all(part.isidentifier() for part in place.split("."))
    return named and not place.endswith(".py") and not exists(Path(place))


def find_file(text: str) -> Path:
    """Return the file; one under ``models/`` may also be that of the installed package."""
    path = Path(text)
    _must_be_readable(path, text)
    if not path.exists() and path.parts[:1] == ("models",):
        inside = Path(importlib.import_module("raceexplore.models").__path__[0]).joinpath(
            *path.parts[1:]
        )
        path = inside if inside.exists() else path
    if path.is_dir():
        files = sorted(p.name for p in path.glob("*.py") if p.name != "__init__.py")
        has = f"name one of its files: {', '.join(files)}" if files else "it holds no Python file"
        raise BadProgram(f"{text} is a folder; {has}")
    if not path.exists():
        raise BadProgram(f"{text} does not exist")
    if path.suffix != ".py":
        raise BadProgram(f"{text} is not a Python file (.py)")
    return path.resolve()


def _must_be_readable(path: Path, text: str) -> None:
    """Raise `BadProgram` for what no file can be called, and for what we may not look at."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise BadProgram(f"{text} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadProgram(f"{text} cannot be the name of a file: {error}") from None


def relative(path: Path, text: str) -> str:
    """Return how a reader names ``path`` from here; ``text``: as it was named."""
    here = Path.cwd().resolve()
    if path.is_relative_to(here):
        return path.relative_to(here).as_posix()
    return Path(text).as_posix()


def _of_module(place: str, name: str) -> Target:
    """Return the target of a dotted name; of a package, its ``__main__`` if it has one."""
    here = Path.cwd().resolve()
    make_importable(here, here / "src")  # first, as for python -m
    try:
        with guarded():
            spec = importlib.util.find_spec(place)
            if spec is not None and spec.submodule_search_locations and not name:
                inner = importlib.util.find_spec(f"{place}.__main__")
                spec = inner or spec
    except ModuleNotFoundError as error:
        spec, missing = None, error.name
        if missing and not place.startswith(missing):  # it is there, and what it imports is not
            raise BadProgram(f"{place} cannot be imported: {error}") from error
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise BadProgram(f"{place} cannot be imported: {told}") from error
    if spec is None:
        hint = f"; {place}.py does" if Path(f"{place}.py").is_file() else ""
        raise BadProgram(f"{place} does not exist, neither as a file nor as a module{hint}")
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise BadProgram(f"{place} is a module without a Python source file")
    path = Path(spec.origin).resolve()
    levels = spec.name.count(".") + (path.name == "__init__.py")
    inside = path.is_relative_to(here)
    shown = path.relative_to(here).as_posix() if inside else spec.name
    return Target(path, name, spec.name, path.parents[levels], shown)


def _in_package(path: Path) -> tuple[str, Path]:
    """Return the dotted name of the file as part of its package, and the folder that this is in.

    A package is a folder with an ``__init__.py``, or one from which a module imports relatively;
    the name is empty for a file that is in none.
    """
    root = path.parent
    if is_model(path):
        return "", root
    while (root / "__init__.py").exists() and root != root.parent:
        root = root.parent
    level = 0 if root != path.parent else _levels(path)
    if level:  # a package without __init__.py
        root = _namespace_root(path, level)
    if root == path.parent:
        return "", root
    parts = [*path.relative_to(root).parent.parts, path.stem]
    named = parts[:-1] if path.stem == "__init__" else parts
    return (".".join(named), root) if all(map(str.isidentifier, named)) else ("", path.parent)


def is_model(path: Path) -> bool:
    """Return whether ``path`` is one of the models, which import as part of raceexplore."""
    return path.is_relative_to(_models())


@cache
def _models() -> Path:
    return Path(importlib.import_module("raceexplore.models").__path__[0]).resolve()


def _levels(path: Path) -> int:
    """Return by how many dots the file imports relatively, at most; 0 if it does not."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, *UNREADABLE):
        return 0  # told when it is imported
    return max((n.level for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)), default=0)


def _namespace_root(path: Path, level: int) -> Path:
    """Return the folder above a package without ``__init__.py``: one that imports begin in."""
    above = path.parents[level:]
    here = Path.cwd().resolve()
    known = {here, here / "src", *(Path(entry or ".").resolve() for entry in sys.path)}
    return next((folder for folder in above if folder in known), above[0] if above else path.parent)


def make_importable(*roots: Path) -> None:
    """Let imports find what is in ``roots`` first, and last in this folder and its ``src``."""
    for root in reversed(roots):
        if root.is_dir() and str(root) not in sys.path:
            sys.path.insert(0, str(root))
    here = Path.cwd().resolve()
    known = {str(Path(entry or ".").resolve()) for entry in sys.path}
    for folder in (here, here / "src"):
        if folder.is_dir() and str(folder) not in known:
            sys.path.append(str(folder))
