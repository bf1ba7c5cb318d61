"""Where a suspended task stands: the frames of its coroutine chain."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from types import CoroutineType
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.trace import NOWHERE, Site

if TYPE_CHECKING:
    from types import CodeType, FrameType

_OURS = str(Path(__file__).resolve().parent.parent) + os.sep
_GUESTS = tuple(_OURS + name + os.sep for name in ("models", "schedulers"))
_STRANGERS = (
    str(Path(trio.__file__).resolve().parent) + os.sep,
    str(Path(os.__file__).resolve().parent) + os.sep,
)
INSTALLED = ("site-packages", "dist-packages")


@cache
def is_user_file(filename: str) -> bool:
    """Return whether ``filename`` is code of the program, not of trio, Python or raceexplore."""
    if filename.startswith("<") or filename.endswith("outcome/_impl.py"):
        return False
    path = os.path.realpath(filename)
    if path.startswith(_OURS):
        return path.startswith(_GUESTS)
    if path.startswith(_STRANGERS[0]):
        return False
    return is_installed(path) or not path.startswith(_STRANGERS[1])


@cache
def is_installed(filename: str) -> bool:
    """Return whether ``filename`` belongs to an installed package, and not to a project."""
    return any(f"{os.sep}{folder}{os.sep}" in filename for folder in INSTALLED)


@cache
def is_strange_file(filename: str) -> bool:
    """Return whether ``filename`` belongs to trio itself."""
    return os.path.realpath(filename).startswith(_STRANGERS[0])


def frames(coroutine: Any) -> list[tuple[FrameType, int]]:
    """Return (frame, line) along the await chain of ``coroutine``, outermost first."""
    chain: list[tuple[FrameType, int]] = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        if frame is not None:
            chain.append((frame, frame.f_lineno))
            coroutine = coroutine.cr_await
            continue
        frame = getattr(coroutine, "gi_frame", None)
        if frame is not None:
            chain.append((frame, frame.f_lineno))
            coroutine = coroutine.gi_yieldfrom
            continue
        frame = getattr(coroutine, "ag_frame", None)
        if frame is None:
            break
        chain.append((frame, frame.f_lineno))
        coroutine = coroutine.ag_await
    return chain


def site_of(coroutine: Any) -> Site:
    """Return the innermost await of ``coroutine`` in the program's own files."""
    found, call = NOWHERE, ""
    for frame, line in frames(coroutine):
        code = frame.f_code
        if is_user_file(code.co_filename):
            found, call = Site(code.co_filename, line, code.co_qualname), ""
        elif not call and is_strange_file(code.co_filename):
            call = code.co_qualname
    return found._replace(call=call) if call else found


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
