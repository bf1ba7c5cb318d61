"""Where a suspended task stands: the frames of its coroutine chain."""

from __future__ import annotations

import asyncio
import gc
import os
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from types import AsyncGeneratorType, CellType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.events.trace import NOWHERE, Site, Stop
from raceexplore.kernel.fence import strand

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from types import CodeType, FrameType

_OURS = str(Path(__file__).resolve().parents[2]) + os.sep
_RUN = str(Path(__file__).parents[1] / "run.py")  # as Python names it in code
_GUESTS = tuple(_OURS + name + os.sep for name in ("models", "schedulers"))
_LIBRARY = str(Path(os.__file__).resolve().parent) + os.sep
_STRANGERS = (str(Path(trio.__file__).resolve().parent) + os.sep, f"{_LIBRARY}asyncio{os.sep}")
NURSERY = type(trio.open_nursery(strict_exception_groups=True))
INSTALLED = ("site-packages", "dist-packages")


@cache
def is_user_file(filename: str) -> bool:
    """Return whether ``filename`` is code of the program, not of trio, Python or raceexplore."""
    if filename.startswith("<") or filename.endswith("outcome/_impl.py"):
        return False
    path = os.path.realpath(filename)
    if path.startswith(_OURS):
        return path.startswith(_GUESTS)
    if path.startswith(_STRANGERS):
        return False
    return is_installed(path) or not path.startswith(_LIBRARY)


@cache
def is_installed(filename: str) -> bool:
    """Return whether ``filename`` belongs to an installed package, and not to a project."""
    return any(f"{os.sep}{folder}{os.sep}" in filename for folder in INSTALLED)


@cache
def is_strange_file(filename: str) -> bool:
    """Return whether ``filename`` belongs to trio or asyncio itself."""
    return os.path.realpath(filename).startswith(_STRANGERS)


def frames(coroutine: Any) -> list[tuple[FrameType, int]]:
    """Return (frame, line) along the await chain of ``coroutine``, outermost first."""
    chain: list[tuple[FrameType, int]] = []
    while (frame := frame_of(coroutine)) is not None:
        chain.append((frame, frame.f_lineno))
        if frame.f_code is strand.CODE:
            own: strand.Strand = frame.f_locals["self"]
            chain += [(inner, inner.f_lineno) for inner in own.frames()]
            coroutine = own.awaited()
            continue
        coroutine = _inside(_awaited(coroutine))
    return chain


def frame_of(coroutine: Any) -> FrameType | None:
    """Return the frame of a coroutine or generator; None once it has ended, or if it has none."""
    for name in ("cr_frame", "gi_frame", "ag_frame"):
        frame: FrameType | None = getattr(coroutine, name, None)
        if frame is not None:
            return frame
    return None


def _awaited(coroutine: Any) -> Any:
    for name in ("cr_await", "gi_yieldfrom", "ag_await"):
        if hasattr(coroutine, name):
            return getattr(coroutine, name)
    return None


def _inside(awaited: Any) -> Any:
    """Return the async generator that ``awaited`` goes on with, or ``awaited`` itself.

    What `anext` and its like return has no attribute that says whose step it is; a collector has
    to know.
    """
    while type(awaited) in STEPS:
        held = gc.get_referents(awaited)
        awaited = next((one for one in held if type(one) in (*STEPS, AsyncGeneratorType)), None)
    return awaited


def _steps() -> tuple[type, ...]:
    """Return the types of what an async generator's methods, and `anext`, return."""

    async def generator() -> AsyncGenerator[None]:
        yield

    made = generator()
    steps: list[Any] = [made.asend(None), made.athrow(GeneratorExit), anext(made, None)]
    for step in steps:
        step.close()  # or it would be warned of as never awaited
    return tuple(map(type, steps))


STEPS = _steps()


def cells_of(coroutine: Any) -> list[CellType]:
    """Return the variables that a coroutine which has not begun shares with other functions."""
    return [held for held in gc.get_referents(coroutine) if type(held) is CellType]


def site_of(coroutine: Any) -> Site:
    """Return the innermost await of ``coroutine`` in the program's own files."""
    return stand_of(coroutine)[0]


def variables_of(task: Any) -> list[Any]:
    """Return what the context of ``task`` holds, in the order of the variables' names."""
    context = task.context
    return [context[variable] for variable in sorted(context, key=attrgetter("name"))]


STOPS = {
    **dict.fromkeys(
        (
            trio.Lock.acquire.__qualname__,
            trio.Semaphore.acquire.__qualname__,
            trio.CapacityLimiter.acquire.__qualname__,
            trio.CapacityLimiter.acquire_on_behalf_of.__qualname__,
            trio.Condition.acquire.__qualname__,
            trio.Lock.__aenter__.__qualname__,
            asyncio.Lock.acquire.__qualname__,
            asyncio.Lock.__aenter__.__qualname__,
        ),
        Stop.ACQUIRE,
    ),
    trio.Condition.wait.__qualname__: Stop.CONDITION,
    trio.Event.wait.__qualname__: Stop.EVENT,
    asyncio.Event.wait.__qualname__: Stop.EVENT,
    trio.MemoryReceiveChannel.receive.__qualname__: Stop.RECEIVE,
    trio.MemoryReceiveChannel.__anext__.__qualname__: Stop.RECEIVE,
    trio.sleep.__qualname__: Stop.SLEEP,
    trio.sleep_until.__qualname__: Stop.SLEEP,
    f"{NURSERY.__qualname__}.__aexit__": Stop.JOIN,
}
"""What a task waits for, by the function of trio's, or of asyncio's, in which it waits."""

OWN, TRIOS, OTHER, UNSEEN = range(4)
KNOWN = ("contextlib.py", "types.py", "functools.py")  # of Python: they run the program's code
TRIOS_KNOWN = ("_core", "_sync.py", "_timeouts.py", "_channel.py", "_abc.py", "_util.py")


class _Files(dict[str, int]):
    """File name -> whose code it is: the program's, trio's, or neither's.

    UNSEEN: of trio or Python, and what it does to others is not known.
    """

    def __missing__(self, name: str) -> int:
        found = self[name] = self.find(name)
        return found

    @staticmethod
    def find(name: str) -> int:
        """Return whose code the file is."""
        if is_user_file(name):
            return OWN
        path = os.path.realpath(name)
        trios, asyncios = _STRANGERS
        if path.startswith(trios):
            return TRIOS if Path(path[len(trios) :]).parts[0] in TRIOS_KNOWN else UNSEEN
        if path.startswith(asyncios):
            return TRIOS
        if not path.startswith(_LIBRARY):
            return OTHER  # ours, or without a file
        return OTHER if path[len(_LIBRARY) :] in KNOWN else UNSEEN


SAFE_CHANNEL = "as_safe_channel."  # the functions inside of it are not known, though the file is


def what_runs(code: CodeType, module: object) -> str:
    """Return in words that ``code``, of a module of that name, was not observed."""
    package = str(module).partition(".")[0]
    if is_installed(code.co_filename) and not is_strange_file(code.co_filename):
        return f"the package `{package}` was not observed"
    return f"what {module}.{code.co_qualname} does is not observed"


def unseen_in(frame: FrameType, sees: Callable[[FrameType], bool]) -> str:
    """Return in words that nobody observes the code of ``frame``, with which a task begins."""
    code = frame.f_code
    whose = _files[code.co_filename]
    hidden = whose == UNSEEN or (whose == OWN and not sees(frame)) or _is_hidden(code)
    return what_runs(code, frame.f_globals.get("__name__")) if hidden else ""


def _is_hidden(code: CodeType) -> bool:
    """Return whether code in a known file of trio's does what is not known."""
    return code.co_qualname.startswith(SAFE_CHANNEL)


def _unseen_frame(frame: FrameType, sees: Callable[[FrameType], bool] | None) -> str:
    """Return in words that a frame of the program's own is not observed; empty if it is."""
    if sees is None or sees(frame):
        return ""
    return what_runs(frame.f_code, frame.f_globals.get("__name__"))


def _unseen_code(coroutine: Any) -> str:
    """Return in words that code which stands there is a library's, and not known."""
    frame = frame_of(coroutine)
    return "" if frame is None else what_runs(frame.f_code, frame.f_globals.get("__name__"))


def primitive_of(frame: FrameType) -> tuple[object, str] | None:
    """Return the object and the method of trio's that a new task in ``frame`` begins to call."""
    code = frame.f_code
    if _files[code.co_filename] != TRIOS or code.co_varnames[:1] != ("self",):
        return None
    return frame.f_locals.get("self"), code.co_name


_files = _Files()


def stand_of(coroutine: Any, sees: Callable[[FrameType], bool] | None = None) -> tuple[Site, str]:
    """Return the site of ``coroutine``, and in words what runs there that nobody observes.

    That is code of the program's of which ``sees`` is false, and libraries' that is not known.
    Called at every recorded event: it looks at the codes, which cost less than the frames.
    """
    own, call, unseen = None, "", ""
    frame: FrameType | None
    while coroutine is not None:
        if type(coroutine) is CoroutineType:
            code, inner = coroutine.cr_code, coroutine.cr_await
            if code is strand.CODE and coroutine.cr_frame is not None:
                paused: strand.Strand = coroutine.cr_frame.f_locals["self"]
                own, unseen = _in_strand(paused, own, unseen, sees)
                coroutine = paused.awaited()
                continue
        elif type(coroutine) is GeneratorType:
            code, inner = coroutine.gi_code, coroutine.gi_yieldfrom
        else:
            coroutine = _inside(coroutine)
            frame = frame_of(coroutine)
            if frame is None:
                break
            code, inner = frame.f_code, _awaited(coroutine)
        whose = _files[code.co_filename]
        if whose == OWN:
            frame = coroutine.cr_frame if type(coroutine) is CoroutineType else frame_of(coroutine)
            if frame is None:  # it has ended
                break
            own, call = frame, ""
            unseen = unseen or _unseen_frame(frame, sees)
        elif whose != OTHER:
            call = call or (code.co_qualname if is_strange_file(code.co_filename) else "")
            unseen = unseen or (_unseen_code(coroutine) if whose == UNSEEN else "")
        coroutine = inner
    if own is None:
        return (site("", 0, "", call) if call else NOWHERE), unseen
    code = own.f_code
    return site(code.co_filename, own.f_lineno, code.co_qualname, call), unseen


def _in_strand(
    paused: strand.Strand,
    own: FrameType | None,
    unseen: str,
    sees: Callable[[FrameType], bool] | None,
) -> tuple[FrameType | None, str]:
    """Return the innermost of the program's own frames of a strand, or ``own``; and what is unseen.

    Python's own code in it (`json.dump`, which writes to a file) is not observed either.
    """
    for inner in paused.frames():
        whose = _files[inner.f_code.co_filename]
        if whose == OWN:
            own, unseen = inner, unseen or _unseen_frame(inner, sees)
        elif whose == UNSEEN:
            unseen = unseen or what_runs(inner.f_code, inner.f_globals.get("__name__"))
    return own, unseen


@lru_cache(maxsize=10_000)
def site(file: str, line: int, function: str, call: str = "") -> Site:
    """Return the site of these parts: the same object as before, most likely."""
    return Site(file, line, function, call, STOPS.get(call, Stop.OTHER))


def begin_of(code: CodeType) -> Site:
    """Return the site at which a task begins whose code that is."""
    return site(code.co_filename, code.co_firstlineno, code.co_qualname)


def code_of(function: Any) -> CodeType | None:
    """Return the code of a callable; None if it is not written in Python."""
    while (inner := getattr(function, "func", None)) is not None:
        function = inner
    code: CodeType | None = getattr(getattr(function, "__func__", function), "__code__", None)
    return code


def callers(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield ``frame`` and those that called it in the run: what began the run is no part of it.

    All of them, where no run is going on.
    """
    while frame is not None:
        code = frame.f_code
        if code.co_qualname == "run_once" and code.co_filename == _RUN:
            return
        yield frame
        frame = frame.f_back


def user_await(coroutine: Any) -> tuple[CodeType, int]:
    """Return the code and the line of the await that ``coroutine`` left the user's files by.

    Cheaper than `site_of`, for what is noted often and hardly ever told.
    """
    code, line = coroutine.cr_code, 0
    while isinstance(coroutine, CoroutineType):
        frame = coroutine.cr_frame
        if frame is None or not is_user_file(frame.f_code.co_filename):
            break
        code, line = frame.f_code, frame.f_lineno
        coroutine = coroutine.cr_await
    return code, line
