"""Keeps real time, randomness, threads, sockets and asyncio out of a run.

The patches are installed while programs are loaded and run, and act only inside a run: outside
one, every patched function does what it always did.
"""

from __future__ import annotations

import datetime  # noqa: ICN001 its attribute is patched by this name
import random
import secrets
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from datetime import datetime as RealDatetime  # noqa: N812
from functools import partial
from types import BuiltinFunctionType, ModuleType
from typing import TYPE_CHECKING, Any
from weakref import ref

from raceexplore.kernel.errors import BadProgram
from raceexplore.kernel.fence import doors, endings
from raceexplore.kernel.fence.chance import FreshRandom, shared
from raceexplore.kernel.fence.outside import CALLS, line_of_the_program
from raceexplore.kernel.fence.pulse import Doing
from raceexplore.kernel.fence.serving import state
from raceexplore.kernel.fence.wall_clock import wall_s
from raceexplore.kernel.fence.watchdog import doing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from raceexplore.kernel.fence.serving import Guarded

_depth = [0]
FORKS = ("os.fork()", "os.forkpty()")
OF_PROCESSES = ("os", "signal", "_thread", "_posixsubprocess")


def installed() -> bool:
    """Return whether the patches are in place."""
    return _depth[0] > 0


def begin(run: Guarded) -> None:
    """Make ``run`` the one that patched functions serve."""
    state.run = run
    state.serial += 1


def end() -> None:
    """Patched functions are the real ones again."""
    state.run = None


class _Meta(type):
    """Makes real datetimes instances of the patched class."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, RealDatetime)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, RealDatetime)


class VirtualDatetime(RealDatetime, metaclass=_Meta):
    """``datetime.datetime`` whose now, utcnow and today follow the virtual clock in a run."""

    __slots__ = ()  # of the size that compiled extensions expect

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        """Return the time now; in a run, virtual, and UTC where no zone is given."""
        if state.run is None:
            return RealDatetime.now(tz)
        moment = RealDatetime.fromtimestamp(wall_s(state.run.now()), datetime.UTC)
        return moment.astimezone(tz) if tz is not None else moment.replace(tzinfo=None)

    @classmethod
    def utcnow(cls) -> datetime.datetime:  # type: ignore[override]
        """Return the time now in UTC, without a zone."""
        return cls.now()

    @classmethod
    def today(cls) -> datetime.datetime:  # type: ignore[override]
        """Return the time now."""
        return cls.now()


def _clock(real: Callable[[], Any], unit: Callable[[float], Any], read: Any = float) -> Any:
    def clock() -> Any:
        return real() if state.run is None else unit(read(state.run.now()))

    return clock


def _sleep(real: Callable[[float], None]) -> Any:
    def sleep(seconds: float) -> None:
        if state.run is None:
            real(seconds)
        else:  # in a simulated process, `doors` asks that first
            state.run.warn(f"time.sleep({seconds!r}) blocks every task; virtual time jumped")
            state.run.sleep(seconds)

    return sleep


def _urandom(real: Callable[[int], bytes]) -> Any:
    def urandom(size: int) -> bytes:
        return real(size) if state.run is None else shared.getrandbits(8 * size).to_bytes(size)

    return urandom


def _refuse(real: Callable[..., Any], what: str, tool: str) -> Any:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        if state.run is not None:
            return state.run.leave(what, tool)
        if state.importing and what in FORKS:
            raise BadProgram(f"{what}{line_of_the_program()} would do this command twice")
        return real(*args, **kwargs)

    refuse.__wrapped__ = real  # type: ignore[attr-defined]
    return refuse


def _unraisable(real: Callable[[Any], None]) -> Any:
    def hook(details: Any) -> None:
        if state.run is None:
            real(details)
        elif details.exc_value is not None:
            state.run.unraisable(details.exc_value, str(details.err_msg or "ignored"))

    return hook


def _patches() -> Iterator[tuple[Any, str, Any]]:
    """Yield (owner, attribute, replacement) for everything that is loaded and patched."""
    for name, unit in (("", float), ("_ns", lambda s: round(s * 1e9))):
        yield time, f"time{name}", _clock(getattr(time, f"time{name}"), unit, wall_s)
        for kind in ("monotonic", "perf_counter", "process_time", "thread_time"):
            yield time, kind + name, _clock(getattr(time, kind + name), unit)
    yield time, "sleep", _sleep(time.sleep)
    yield datetime, "datetime", VirtualDatetime
    for name in ("random", "getrandbits", "seed", "uniform", "triangular", "randint", "choice",
                 "randrange", "sample", "shuffle", "choices", "normalvariate", "lognormvariate",
                 "expovariate", "vonmisesvariate", "gammavariate", "gauss", "betavariate",
                 "paretovariate", "weibullvariate", "randbytes", "getstate",
                 "setstate"):  # fmt: skip
        yield random, name, getattr(shared, name)
    yield random, "Random", FreshRandom
    os = sys.modules["os"]
    urandom = _urandom(os.urandom)
    yield os, "urandom", urandom
    yield random, "_urandom", urandom
    yield (
        secrets,
        "token_bytes",
        lambda n=None: urandom(secrets.DEFAULT_ENTROPY if n is None else n),
    )
    yield uuid, "uuid1", _refuse(uuid.uuid1, "uuid.uuid1()", "uuid1")
    yield threading.Thread, "start", _refuse(threading.Thread.start, "a thread", "thread")
    yield sys, "unraisablehook", _unraisable(sys.unraisablehook)
    yield from endings.patches(state)
    yield from _refusals()
    from raceexplore.kernel.trio_loop.patches import patches  # it looks which runner is ours

    yield from patches()


def _refusals() -> Iterator[tuple[Any, str, Any]]:
    for module, path, what, tool in CALLS:
        owner: Any = sys.modules.get(module)
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent, None)
        if owner is not None and name in vars(owner):  # of this platform, and imported
            yield owner, name, _refuse(getattr(owner, name), what, tool)


def _early(patches: list[tuple[Any, str, Any]]) -> Iterator[tuple[Any, str, Any]]:
    """Yield the same for modules that had taken a builtin of these before, under a name of theirs.

    A library that does ``from os import fork`` is imported before the patches are in place, or is
    the module `posix` itself. Clocks are left out: who took one early is no program.
    """
    if doors.ORDINARY in sys.modules and not _with_doors:
        _with_doors.append(True)
        _looked_at.clear()
        _early_names.clear()
    ours = [p for p in patches if getattr(p[0], "__name__", "") in OF_PROCESSES]
    taken = {id(real): patch for o, name, patch in ours if _is_builtin(real := o.__dict__[name])}
    for known_as, module in list(sys.modules.items()) if patches else ():
        before = _looked_at.get(known_as)
        if before is not None and before() is module:
            continue
        # not its id: a module that is gone leaves that to the next one of its name
        _looked_at[known_as] = ref(module) if type(module) is ModuleType else partial(_same, module)
        names = getattr(module, "__dict__", None)
        for name, value in list(names.items()) if type(names) is dict else ():
            if _is_builtin(value) and id(value) in taken and not doors.is_own(module, name):
                _early_names.append((module, name))
    for module, name in _early_names:
        if id(module.__dict__.get(name)) in taken:
            yield module, name, taken[id(module.__dict__[name])]


def _same(found: object) -> object:
    """Return what stands in the place of a module, and perhaps cannot be held weakly."""
    return found


def _is_builtin(value: object) -> bool:
    return type(value) is BuiltinFunctionType


# modules by name, most of them held weakly: each is looked through once
_looked_at: dict[str, Callable[[], object]] = {}
_early_names: list[tuple[Any, str]] = []
_with_doors: list[bool] = []  # the modules were looked through for the calls of processes, too


@contextmanager
def importing() -> Iterator[None]:
    """Import a program in the block: it cannot end this process, nor deafen it to its timer."""
    before, state.importing = state.importing, True
    try:
        with guarded(), doing(Doing.IMPORT):
            yield
    finally:
        state.importing = before


@contextmanager
def guarded() -> Iterator[None]:
    """Install the patches for as long as the block lasts; may be nested."""
    patches = [] if installed() else doors.through(list(_patches()))
    patches += _early(patches)
    undo = [(owner, name, owner.__dict__[name]) for owner, name, _ in patches]
    _depth[0] += 1
    for owner, name, patch in patches:
        setattr(owner, name, patch)
    try:
        yield
    finally:
        _depth[0] -= 1
        for owner, name, real in undo:
            setattr(owner, name, real)
