"""Find and import the program that a path names."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import linecache
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadProgram
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import Program, needed_arguments, takes_world
from raceexplore.kernel.standing.walk import is_user_file
from raceexplore.observe.load import load_observed, observing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType


def load_program(reference: str, observe: Sequence[str] = ()) -> Program:
    """Return the program that ``path/to/file.py`` or ``path/to/file.py:name`` names.

    Without a name, the file's ``main`` or ``program``, or its only public async function that
    needs no argument but the world. observe: packages whose accesses observed runs see as well
    as those of the program's own folder. Raises `BadProgram`, in one line.
    """
    path_text, name = split_reference(reference)
    path = find_file(path_text)
    module = import_file(path)
    function = _choose(module, name, path_text)
    shown = f"{_relative(path, path_text)}:{function.__name__}"
    return _program(module, function, shown, (*_siblings(path), *observe))


def _program(module: ModuleType, function: Any, shown: str, packages: Sequence[str]) -> Program:
    path, name = Path(str(module.__file__)), function.__name__
    observed = observed_copy(path, name, packages)
    again = load_again, (path, module.__name__, name, shown, tuple(packages))
    return Program(function, shown, takes_world(function), path, observed, again)


def load_again(
    path: Path, module_name: str, name: str, shown: str, packages: Sequence[str]
) -> Program:
    """Return the program that another process has loaded: the modules bear the same names."""
    module = import_file(path, module_name)
    return _program(module, getattr(module, name), shown, packages)


def _siblings(path: Path) -> list[str]:
    """Return the names of the modules imported from the folder of ``path``, less its own."""
    found = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and _is_beside(Path(file), path):
            found.append(name)
    return found


def _is_beside(file: Path, path: Path) -> bool:
    """Return whether ``file`` is in the folder of ``path``, or is the installed twin of one there.

    A model may be run from a checkout while its imports find the installed package.
    """
    if file.name in ("__init__.py", path.name):
        return False
    twin = file.parent.name == path.parent.name and (path.parent / file.name).is_file()
    return twin or file.parent.resolve() == path.parent


def observed_copy(path: Path, name: str, packages: Sequence[str]) -> Callable[[], Any]:
    """Return what gives the function ``name`` of the rewritten copy of ``path``, loaded once.

    ``packages`` are loaded rewritten with it.
    """

    @cache
    def observed() -> Any:
        with guarded(), observing(*packages) as twins:
            module = load_observed(path, f"raceexplore_observed_{path.stem}", twins)
            return getattr(module, name)

    return observed


def split_reference(reference: str) -> tuple[str, str]:
    """Return the path and the name (may be empty) in ``path[:name]``."""
    path, colon, name = reference.rpartition(":")
    if not colon or not path or not name.isidentifier():
        return reference, ""
    return path, name


def is_node_id(reference: str) -> bool:
    """Return whether ``reference`` names a pytest test, ``tests/test_x.py::test_y``."""
    return "::" in reference


def find_file(text: str) -> Path:
    """Return the file; one under ``models/`` may also be that of the installed package."""
    path = Path(text)
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


def import_file(path: Path, name: str = "") -> ModuleType:
    """Import ``path`` as a script would be, its folder first on the path."""
    taken = path.stem in sys.modules
    name = name or (f"raceexplore_program_{path.stem}" if taken else path.stem)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    linecache.checkcache(str(path))  # a fingerprint holds the source line of the failure
    folder = str(path.parent)
    sys.modules[name] = module
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        with guarded():
            spec.loader.exec_module(module)
    except SyntaxError as error:
        # of what is no text at all, Python names no line, and no file either
        place = f"{error.filename}:{error.lineno}" if error.lineno else path.name
        raise BadProgram(f"{place}: syntax error: {error.msg}") from None
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise BadProgram(f"{path.name} cannot be imported: {_where(error)}") from error
    return module


def source_digest(program: Program) -> str:
    """Return 16 hex digits of the program's file; empty for one without a file."""
    if program.source is None:
        return ""
    return hashlib.blake2b(program.source.read_bytes(), digest_size=8).hexdigest()


def _where(error: BaseException) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_user_file(f.filename)]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _choose(module: ModuleType, name: str, shown: str) -> Any:
    public = {
        key: value
        for key, value in vars(module).items()
        if inspect.iscoroutinefunction(value)
        and value.__module__ == module.__name__
        and not key.startswith("_")
    }
    if name:
        function = getattr(module, name, None)
        if not inspect.iscoroutinefunction(function):
            has = ", ".join(public) or "no async function"
            raise BadProgram(f"{shown} has no async function {name!r}; it has {has}")
        if needed_arguments(function) > 1:
            raise BadProgram(f"{shown}:{name} takes arguments; a program takes none, or the world")
        return function
    programs = {key: f for key, f in public.items() if _is_program(f)}
    named: list[str] = [key for key in ("main", "program") if key in programs]
    chosen = named or list(programs)
    if len(chosen) == 1:
        return programs[chosen[0]]
    if chosen:
        choices = " or ".join(f"{shown}:{key}" for key in chosen)
        raise BadProgram(f"{shown} holds {len(chosen)} programs; name one: {choices}")
    found = ", ".join(f"async def {k}{inspect.signature(f)}" for k, f in public.items())
    plain = [k for k, v in vars(module).items() if inspect.isfunction(v) and k not in public]
    found = found or (f"plain functions {', '.join(plain[:8])}" if plain else "no function at all")
    raise BadProgram(
        f"{shown} holds no program (an async function without arguments, or with the world);"
        f" found: {found}"
    )


def _is_program(function: Any) -> bool:
    parameters = list(inspect.signature(function).parameters)
    needed = needed_arguments(function)
    return needed == 0 or (needed == 1 and parameters[0] == "world")


def _relative(path: Path, text: str) -> str:
    here = Path.cwd().resolve()
    if path.is_relative_to(here):
        return path.relative_to(here).as_posix()
    return Path(text).as_posix()
