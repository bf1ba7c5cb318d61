"""Where a suspended task stands: the frames of its coroutine chain."""

from __future__ import annotations

import gc
import os
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from types import CellType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.events.trace import NOWHERE, Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

_OURS = str(Path(__file__).resolve().parents[2]) + os.sep
_GUESTS = tuple(_OURS + name + os.sep for name in ("models", "schedulers"))
_LIBRARY = str(Path(os.__file__).resolve().parent) + os.sep
_STRANGERS = (str(Path(trio.__file__).resolve().parent) + os.sep, f"{_LIBRARY}asyncio{os.sep}")
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
        coroutine = _awaited(coroutine)
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


OWN, TRIOS, OTHER = range(3)


class _Files(dict[str, int]):
    """File name -> whose code it is: the program's, trio's, or neither's."""

    def __missing__(self, name: str) -> int:
        strange = TRIOS if is_strange_file(name) else OTHER
        found = self[name] = OWN if is_user_file(name) else strange
        return found


_files = _Files()


def stand_of(coroutine: Any, sees: Callable[[FrameType], bool] | None = None) -> tuple[Site, bool]:
    """Return the site of ``coroutine``, and whether ``sees`` is true of all the program's frames.

    Called at every recorded event: it looks at the codes, which cost less than the frames.
    """
    own, call, all_seen = None, "", True
    frame: FrameType | None
    while coroutine is not None:
        if type(coroutine) is CoroutineType:
            code, inner = coroutine.cr_code, coroutine.cr_await
        elif type(coroutine) is GeneratorType:
            code, inner = coroutine.gi_code, coroutine.gi_yieldfrom
        else:
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
            all_seen = all_seen and (sees is None or sees(frame))
        elif whose == TRIOS and not call:
            call = code.co_qualname
        coroutine = inner
    if own is None:
        return (site("", 0, "", call) if call else NOWHERE), all_seen
    code = own.f_code
    return site(code.co_filename, own.f_lineno, code.co_qualname, call), all_seen


@lru_cache(maxsize=10_000)
def site(file: str, line: int, function: str, call: str = "") -> Site:
    """Return the site of these parts: the same object as before, most likely."""
    return Site(file, line, function, call)


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
