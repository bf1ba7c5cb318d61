"""Find and import the program that a reference names."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import linecache
import sys
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadProgram, Stuck, UnsupportedTrio
from raceexplore.kernel.fence.guard import importing
from raceexplore.kernel.fence.hostile import name_of, text_of, traceback_of
from raceexplore.kernel.names import LOADED
from raceexplore.kernel.outcome import user_site
from raceexplore.kernel.program import Program, takes_world
from raceexplore.kernel.runtimes.imports import runtime_of
from raceexplore.kernel.standing.walk import is_user_file
from raceexplore.observe.effects.stored_names import Stores
from raceexplore.observe.load import load_observed, observing
from raceexplore.search.programs.choose import STARTED, choose, member
from raceexplore.search.programs.project import check_observable, is_project_file, own_packages
from raceexplore.search.programs.standing_tests import standing_test
from raceexplore.search.programs.target import (
    Target,
    find_target,
    is_model,
    is_node_id,
    make_importable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

RUNNERS = ("trio", "anyio")  # whose `run` a file may call when it is imported


def load_program(reference: str, observe: Sequence[str] = ()) -> Program:
    """Return the program that ``path/to/file.py[:name]`` or ``package.module[:name]`` names.

    Without a name, the file's ``main`` or ``program``, or its only public async function that
    needs no argument but the world. A name may be ``Class.method``: each run then makes an instance
    of its own. observe: installed packages whose accesses observed runs see, as well as those of
    all that is the user's own. Raises `BadProgram`, and `BadOption` for what cannot be observed,
    in one line.
    """
    packages = check_observable(observe)
    if is_node_id(reference):
        return standing_test(reference, packages)
    target = find_target(reference)
    module = import_target(target)
    name = choose(module, target)
    return _program(target, module, name, packages)


def _program(target: Target, module: ModuleType, name: str, packages: tuple[str, ...]) -> Program:
    function = member(module, name, target.shown)
    everything = (*own_packages(target.path), *packages)
    return Program(
        function,
        f"{target.shown}:{name}",
        takes_world(function),
        target.path,
        observed_copy(target, module.__name__, name, everything),
        (load_again, (target, module.__name__, name, packages)),
        packages,
        runtime=runtime_of(function),
    )


def load_again(target: Target, module_name: str, name: str, packages: tuple[str, ...]) -> Program:
    """Return the program that another process has loaded: the modules bear the same names."""
    return _program(target, import_target(target, module_name), name, packages)


def observed_copy(
    target: Target, module_name: str, name: str, packages: Sequence[str]
) -> Callable[[], Any]:
    """Return what gives the function ``name`` of the rewritten copy of a file, loaded once.

    ``packages`` are loaded rewritten with it. The copy bears the name of the module that it is of:
    anyio names tasks by it, and loggers are called so.
    """

    def load(stores: Stores) -> Any:
        path = target.path
        with (
            importing(),
            observing(module_name, *packages, stores=stores) as twins,
            started_runs() as started,
        ):
            if target.module and target.module.partition(".")[0] in packages:
                module = importlib.import_module(target.module)
            else:
                module = load_observed(path, module_name, twins)
            if started:
                vars(module)[STARTED] = started[0]
            return member(module, name, target.shown)

    @cache
    def observed() -> Any:
        stores = Stores()
        found = load(stores)
        while stores.late:
            # A module stores variables of one that was rewritten before it, which does not note
            # its reads of them: now that they are known, all are loaded once more.
            stores = stores.again()
            found = load(stores)
        return found

    return observed


def import_target(target: Target, name: str = "") -> ModuleType:
    """Import the file as what it is: a module of its package, or a script.

    A script's folder comes first on the path, as Python has it.
    """
    if not target.module:
        return import_file(target.path, name)
    known = sys.modules.get(target.module)
    if known is not None and _is_current(known, target.path):
        return known
    if known is not None:
        _forget(target.module)
    make_importable(target.root)
    linecache.checkcache()
    try:
        with _refusals(target.path.name), importing(), started_runs() as started:
            module = importlib.import_module(target.module)
    except BadProgram as error:
        missing = str(getattr(error.__cause__, "name", ""))
        if not (target.path.parent / f"{missing}.py").is_file():
            raise
        _forget(target.module)
        return import_file(target.path, name)  # a script that happens to be in a package
    _note(module, target.path, started)
    return module


_sources: dict[str, bytes] = {}  # of modules of packages, as they were when we imported them


def _note(module: ModuleType, path: Path, started: Sequence[Any]) -> None:
    _sources[module.__name__] = path.read_bytes()
    if started:
        vars(module)[STARTED] = started[0]


def _is_current(module: ModuleType, path: Path) -> bool:
    """Return whether ``module`` is what importing ``path`` would give now."""
    file, source = getattr(module, "__file__", None), _sources.get(module.__name__)
    same = file is not None and Path(file).resolve() == path
    return same and (source is None or source == path.read_bytes())


def _forget(module: str) -> None:
    """Take the package of ``module``, all of it that is the user's own, out of what is imported."""
    top = module.partition(".")[0]
    for name, known in list(sys.modules.items()):
        file = str(getattr(known, "__file__", None) or "<none>")
        if name.partition(".")[0] == top and (is_project_file(file) or name == top):
            del sys.modules[name]
    importlib.invalidate_caches()


def import_file(path: Path, name: str = "") -> ModuleType:
    """Import ``path`` as a script would be, its folder first on the path.

    A model imports its neighbours as part of raceexplore. Its folder stays off the path: a file of
    it would hide the module of that name from all that is imported later in this process.
    """
    taken = path.stem in sys.modules
    name = name or (f"{LOADED}{path.stem}" if taken else path.stem)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    linecache.checkcache(str(path))  # a fingerprint holds the source line of the failure
    sys.modules[name] = module
    if not is_model(path):
        make_importable(path.parent)
    with _refusals(path.name), importing(), started_runs() as started:
        spec.loader.exec_module(module)
    if started:
        vars(module)[STARTED] = started[0]
    return module


@contextmanager
def started_runs() -> Iterator[list[Callable[..., Any]]]:
    """Collect the async functions that a module would run when it is imported; run none of them.

    A file may end in ``trio.run(main)`` without asking whether it is the main program.
    """
    started: list[Callable[..., Any]] = []

    def run(function: Callable[..., Any], *args: Any, **_: Any) -> None:
        started.append(partial(function, *args) if args else function)

    def leave(status: object = None) -> None:  # sys.exit(trio.run(main))
        if not started:
            raise SystemExit(status)

    def run_coroutine(coroutine: Any, **_: Any) -> None:
        started.append(_made_again(coroutine, sys._getframe(1).f_globals))  # noqa: SLF001

    runners = [sys.modules[name] for name in RUNNERS if name in sys.modules]
    patches: list[Any] = [*((module, "run", run) for module in runners), (sys, "exit", leave)]
    if "asyncio" in sys.modules:
        patches.append((sys.modules["asyncio"], "run", run_coroutine))
    before = [(module, name, getattr(module, name)) for module, name, _ in patches]
    for module, name, patch in patches:
        setattr(module, name, patch)
    try:
        yield started
    finally:
        for module, name, real in before:
            setattr(module, name, real)


def _made_again(coroutine: Any, variables: dict[str, Any]) -> Callable[..., Any]:
    """Return what makes ``coroutine`` again: it can run once, and is closed here.

    ``variables`` are those of the module that has made it by calling a function of its own.
    """
    code, given = coroutine.cr_code, dict(coroutine.cr_frame.f_locals)
    coroutine.close()
    for value in variables.values():
        if inspect.isfunction(value) and value.__code__ is code:
            return partial(value, **given) if given else value
    raise BadProgram(f"the module runs {code.co_qualname}(), which is no function of its own")


@contextmanager
def _refusals(file: str) -> Iterator[None]:
    """Turn what goes wrong when a program is imported into `BadProgram`, in one line."""
    try:
        yield
    except SyntaxError as error:
        # of what is no text at all, Python names no line, and no file either
        place = f"{error.filename}:{error.lineno}" if error.lineno else file
        raise BadProgram(f"{place}: syntax error: {error.msg}") from None
    except Stuck as error:
        raise BadProgram(f"{file} cannot be imported: {error}") from None
    except BaseException as error:
        # it is not the program's fault, or has been told already
        if isinstance(error, KeyboardInterrupt | UnsupportedTrio | BadProgram):
            raise
        raise BadProgram(f"{file} cannot be imported: {_where(error)}") from error


def source_digest(program: Program) -> str:
    """Return 16 hex digits of the program's file; empty for one without a file."""
    if program.source is None:
        return ""
    return hashlib.blake2b(program.source.read_bytes(), digest_size=8).hexdigest()


def _where(error: BaseException) -> str:
    site = user_site(traceback_of(error))
    place = f" ({site.file}:{site.line})" if is_user_file(site.file) else ""
    return f"{name_of(type(error))}: {text_of(error)}{place}"
