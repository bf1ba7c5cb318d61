"""Load modules with their source rewritten, the program's own and those that the user names."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from raceexplore.observe.classes import MARK
from raceexplore.observe.hooks import INJECTED
from raceexplore.observe.rewrite import compile_observed


class ObservingLoader(SourceFileLoader):
    """Python's loader of source files, with the rewriter before the compiler.

    It neither reads nor writes ``.pyc`` files: those are for the program as it is.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Return the rewritten code of the module."""
        path = self.get_filename(fullname)
        return compile_observed(self.get_data(path), path)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module with the hooks among its globals."""
        vars(module).update(INJECTED)
        vars(module)[MARK] = module
        super().exec_module(module)


class ObservingFinder(MetaPathFinder):
    """Find the modules of some packages as Python does, and give them an `ObservingLoader`."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = tuple(packages)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a module; None if it is not to be observed."""
        if not covers(self.packages, fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader and spec.origin is not None:
            spec.loader = ObservingLoader(fullname, spec.origin)
        return spec


def covers(packages: Sequence[str], name: str) -> bool:
    """Tell whether a module belongs to one of ``packages``."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def load_observed(path: Path, module_name: str) -> ModuleType:
    """Load a source file as a new module of that name, rewritten; it replaces one in sys.modules.

    Raises what the module raises; sys.modules is then as before.
    """
    loader = ObservingLoader(module_name, str(path))
    spec = spec_from_file_location(module_name, path, loader=loader)
    assert spec is not None
    module = module_from_spec(spec)
    before = sys.modules.get(module_name)
    sys.modules[module_name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        if before is not None:
            sys.modules[module_name] = before
        raise
    return module


@contextmanager
def observing(*packages: str) -> Iterator[None]:
    """Within the block, imports of ``packages`` and their submodules load them rewritten.

    Modules of theirs that were imported before are put aside for the block, and are back after it.
    """
    aside = {name: sys.modules.pop(name) for name in tuple(sys.modules) if covers(packages, name)}
    finder = ObservingFinder(packages)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in tuple(sys.modules):
            if covers(packages, name):
                del sys.modules[name]
        sys.modules.update(aside)
