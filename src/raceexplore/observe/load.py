"""Load modules with their source rewritten, the program's own and those that the user names."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, resolve_name, spec_from_file_location
from inspect import unwrap
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from raceexplore.observe.effects.by_class_of_object import MARK
from raceexplore.observe.effects.stored_names import Stores, everything
from raceexplore.observe.hooks.hook import attr
from raceexplore.observe.hooks.injected import INJECTED
from raceexplore.observe.in_place import InPlace, globals_of
from raceexplore.observe.rewrite.statements import compile_observed
from raceexplore.observe.rewrite.stores import know_stores


class ObservingLoader(SourceFileLoader):
    """Python's loader of source files, with the rewriter before the compiler.

    It neither reads nor writes ``.pyc`` files: those are for the program as it is.
    twins: what the module's own imports, also those in its functions, go by.
    """

    def __init__(self, fullname: str, path: str, twins: Twins) -> None:
        super().__init__(fullname, path)
        self.twins = twins

    def get_code(self, fullname: str) -> CodeType:
        """Return the rewritten code of the module."""
        path = self.get_filename(fullname)
        know_stores(self.twins.stores)
        return compile_observed(self.get_data(path), path)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module with the hooks among its built-ins: out of sight of `globals`."""
        vars(module)[MARK] = module
        own = {**vars(builtins), **INJECTED, "__import__": self.twins.bring}
        vars(module)["__builtins__"] = own
        super().exec_module(module)


class Twins(MetaPathFinder):
    """The rewritten modules of some packages, side by side with the modules as they are.

    Only while `swapped` does Python's import system know the rewritten ones.
    stores: what the modules store, as far as it is known.
    """

    def __init__(self, packages: Sequence[str], stores: Stores | None = None) -> None:
        self.packages = tuple(packages)
        self.stores = stores or Stores()
        self._modules: dict[str, ModuleType] = {}  # rewritten, while they are not in sys.modules
        self._swapped = False
        # Before and while swapped: how many modules there were, and which of them to take out.
        self._covered: dict[bool, tuple[int, list[str]]] = {False: (0, []), True: (0, [])}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a module; None if it is not to be observed."""
        if not covers(self.packages, fullname):
            return None
        # The path first, since pytest's finder has loaders of its own; then the finders of editable
        # installs, which no path leads to.
        finders: list[Any] = [PathFinder, *(f for f in sys.meta_path if f is not self)]
        found = (finder.find_spec(fullname, path, target) for finder in finders)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and type(spec.loader) is SourceFileLoader and spec.origin is not None:
            spec.loader = ObservingLoader(fullname, spec.origin, self)
        return spec

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Put the rewritten modules in the place of the others, and both back afterwards."""
        aside = self._take_out()
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self)
        self._swapped = True
        try:
            yield
        finally:
            sys.meta_path.remove(self)
            self._modules = self._take_out()
            self._swapped = False
            sys.modules.update(aside)

    def _take_out(self) -> dict[str, ModuleType]:
        count, names = self._covered[self._swapped]
        if count != len(sys.modules) or not all(name in sys.modules for name in names):
            names = [name for name in tuple(sys.modules) if covers(self.packages, name)]
            self._covered[self._swapped] = len(sys.modules), names
        return {name: sys.modules.pop(name) for name in names}

    def bring(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 as the builtin has it
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import as ``__import__`` does, for a rewritten module, whenever it asks.

        A function may import when it is called, and must get the rewritten module then too: with
        two copies of one class ``except`` and ``isinstance`` would not know it again.
        """
        full = name
        if level and globals is not None:
            full = resolve_name("." * level + name, str(globals.get("__package__")))
        if self._swapped or not covers(self.packages, full):
            module = builtins.__import__(name, globals, locals, fromlist or (), level)
        else:
            with self.swapped():
                module = builtins.__import__(name, globals, locals, fromlist or (), level)
        for variable in fromlist or ():
            attr(module, variable)
        return module


def in_place(function: Callable[..., Any]) -> AbstractContextManager[None]:
    """Return a context in which the whole program sees the modules that ``function`` sees.

    In it also `importlib.import_module`, or a function of Python's own, gets the rewritten ones.
    """
    if isinstance(function, InPlace):
        return function.swapped()
    twins = twins_of(function)
    know_stores(twins.stores if twins else everything)
    return twins.swapped() if twins and twins.packages else nullcontext()


def twins_of(function: Callable[..., Any]) -> Twins | None:
    """Return what a rewritten function, or one that stands for it, imports its modules from."""
    for one in (function, unwrap(function)):
        own = globals_of(one).get("__builtins__", {})
        twins = getattr(own.get("__import__"), "__self__", None) if isinstance(own, dict) else None
        if isinstance(twins, Twins):
            return twins
    return None


def covers(packages: Sequence[str], name: str) -> bool:
    """Tell whether a module belongs to one of ``packages``."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def load_observed(path: Path, module_name: str, twins: Twins | None = None) -> ModuleType:
    """Load a source file as a new module of that name, rewritten; it replaces one in sys.modules.

    twins: the packages that it gets rewritten when it imports them.
    Raises what the module raises; sys.modules is then as before.
    """
    loader = ObservingLoader(module_name, str(path), twins or Twins(()))
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
def observing(*packages: str, stores: Stores | None = None) -> Iterator[Twins]:
    """Within the block, imports of ``packages`` and their submodules load them rewritten.

    Modules of theirs that were imported before are put aside for the block, and are back after it.
    What was loaded in the block goes on getting rewritten modules when it imports some.
    stores: what they are known to store, from loading them before.
    """
    twins = Twins(packages, stores)
    with twins.swapped():
        yield twins
