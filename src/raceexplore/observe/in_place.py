"""Observe functions that are loaded already: they get their rewritten code while a run lasts.

A closure, a bound method or a test with its fixtures cannot be loaded a second time, as `load` does
it with a module: what they hold was made by the code that is there. Their files are rewritten
nevertheless, and each function that comes from one of them gets the rewritten code, and its own
code back afterwards.
"""

from __future__ import annotations

import builtins
import gc
import linecache
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from inspect import CO_ITERABLE_COROUTINE
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, NamedTuple

from raceexplore.kernel.fence.hostile import UNREADABLE, is_a
from raceexplore.observe.effects.by_class_of_object import MARK
from raceexplore.observe.effects.stored_names import Stores, expected
from raceexplore.observe.hooks.injected import INJECTED
from raceexplore.observe.rewrite.statements import compile_observed
from raceexplore.observe.rewrite.stores import know_stores, read_ahead


class Pair(NamedTuple):
    """A loaded function, and its rewritten code."""

    function: Any  # a FunctionType, which as an attribute of a class would stand for a method
    code: CodeType


class InPlace:
    """A loaded async function, observed while `swapped` is entered.

    files: the source files whose functions are observed with it.
    """

    def __init__(self, function: Callable[..., Any], files: Sequence[str]) -> None:
        self.function = function
        self.files = tuple(files)
        self._pairs: list[Pair] | None = None
        self._stores = Stores()
        self.__globals__ = globals_of(function)  # where the search for landmarks begins

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Give the functions their rewritten code within the block; hooks find their ledger."""
        know_stores(self._stores)
        if self._pairs is None:
            self._pairs = _pairs(self.files)
        with exchanged(self._pairs):
            yield


@contextmanager
def exchanged(pairs: Sequence[Pair]) -> Iterator[None]:
    """Give the functions of ``pairs`` their rewritten code within the block."""
    marked = {id(pair.function.__globals__): pair.function.__globals__ for pair in pairs}
    plain = [pair.function.__code__ for pair in pairs]
    known = [name for name in INJECTED if name not in vars(builtins)]
    vars(builtins).update(INJECTED)
    for variables in marked.values():
        variables[MARK] = sys.modules.get(str(variables.get("__name__")))
    for pair in pairs:
        pair.function.__code__ = pair.code
    try:
        yield
    finally:
        for pair, code in zip(pairs, plain, strict=True):
            pair.function.__code__ = code
        for variables in marked.values():
            variables.pop(MARK, None)
        for name in known:
            vars(builtins).pop(name, None)


def globals_of(function: Any) -> dict[str, Any]:
    """Return the variables of the module that ``function``, or what it stands for, is from."""
    while is_a(function, MethodType | partial):
        function = function.__func__ if is_a(function, MethodType) else function.func
    if not is_a(function, FunctionType):  # an object that can be called
        function = vars(type(function)).get("__call__")
    return function.__globals__ if is_a(function, FunctionType) else {}


@contextmanager
def files_called(found: dict[str, None]) -> Iterator[None]:
    """Note in ``found`` the files whose Python code is called within the block, in this thread."""

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            found[frame.f_code.co_filename] = None

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


def _pairs(files: Sequence[str]) -> list[Pair]:
    """Return the live functions of ``files`` with their rewritten codes.

    A file is all observed or not at all, since whoever reads what was seen goes by the module: so
    one that was edited since it was loaded is left out.
    """
    read_ahead((_source(file), file) for file in files)
    built, lost = {file: codes_of(file) for file in files}, set()
    found: list[Pair] = []
    for function in _objects():
        if type(function) is not FunctionType or function.__code__.co_filename not in built:
            continue
        if MARK in function.__globals__ or _is_disguised(function):
            continue  # of a rewritten copy, or a wrapper
        plain = function.__code__
        pair = paired(function, built[plain.co_filename])
        if pair is None:
            lost.add(plain.co_filename)
        else:
            found.append(pair)
    return [pair for pair in found if pair.code.co_filename not in lost]


def paired(function: FunctionType, codes: Mapping[tuple[object, ...], CodeType]) -> Pair | None:
    """Return ``function`` with its code among the rewritten ``codes``; None if it is not there."""
    plain = function.__code__
    code = codes.get(_key(plain))
    if code is None or code.co_freevars != plain.co_freevars:
        return None
    # what `types.coroutine` has made of a generator stays one
    flag = plain.co_flags & CO_ITERABLE_COROUTINE
    return Pair(function, code.replace(co_flags=code.co_flags | flag) if flag else code)


def _is_disguised(function: FunctionType) -> bool:
    """Return whether ``function`` says that it is of a file, and is of another module.

    Hypothesis, for one, gives its wrappers the place of what they wrap.
    """
    module = sys.modules.get(str(function.__globals__.get("__name__")))
    return module is None or vars(module) is not function.__globals__


def _objects() -> list[Any]:
    """Return all objects that the collector knows, also what was frozen."""
    frozen = gc.get_freeze_count()
    if frozen:
        gc.unfreeze()
    found = gc.get_objects()
    if frozen:
        gc.freeze()
    return found


def codes_of(file: str, *, expect_stores: bool = True) -> dict[tuple[object, ...], CodeType]:
    """Return the rewritten codes of ``file``, by `_key`; none that two functions could mean.

    expect_stores: see `compile_observed`.
    """
    known = expected.stores
    told = frozenset(known.anywhere), frozenset(known.modules)
    return _codes_of(_source(file), file, told, expect_stores=expect_stores)


def _source(file: str) -> str:
    # a notebook's cells are in no file, and Python has their lines
    return "".join(linecache.getlines(file))


@lru_cache(maxsize=256)
def _codes_of(
    source: str, file: str, told: object, *, expect_stores: bool
) -> dict[tuple[object, ...], CodeType]:
    """Return the codes; ``told`` is all that the rewriter goes by besides the source."""
    found: dict[tuple[object, ...], CodeType] = {}
    twice = set()
    try:
        waiting = [compile_observed(source, file, expect_stores=expect_stores)]
    except UNREADABLE:
        return {}
    while waiting:
        code = waiting.pop()
        key = _key(code)
        if key in found:
            twice.add(key)
        found[key] = code
        waiting += [const for const in code.co_consts if isinstance(const, CodeType)]
    return {key: code for key, code in found.items() if key not in twice}


def _key(code: CodeType) -> tuple[object, ...]:
    count = code.co_argcount + code.co_kwonlyargcount
    return code.co_qualname, code.co_firstlineno, code.co_varnames[:count]
