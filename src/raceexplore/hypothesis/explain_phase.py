"""Keep Hypothesis's explain phase to the program's own lines: it says which only failures run.

It would name lines of raceexplore and of trio, which explain nothing, and trace each of them, which
takes longer than the runs.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis.internal import scrutineer

from raceexplore.kernel.standing.walk import is_user_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


def keep_to_the_program() -> None:
    """Make Hypothesis skip lines of raceexplore, trio, Python and packages, if it can."""
    known = getattr(scrutineer, "should_trace_file", None)
    if known is None or getattr(known, "of_raceexplore", False):
        return

    @cache
    def should_trace_file(file: str) -> bool:
        return bool(known(file)) and _is_own_file(file)

    should_trace_file.of_raceexplore = True  # type: ignore[attr-defined]
    scrutineer.should_trace_file = should_trace_file


def _is_own_file(file: str) -> bool:
    """Return whether to explain by lines of ``file``: those of an installed package say little."""
    return is_user_file(file) and f"{os.sep}site-packages{os.sep}" not in file


@contextmanager
def traced_lightly() -> Iterator[None]:
    """Inside, call Hypothesis's tracer, where there is one, for frames of the program only.

    From Python 3.12 on it uses `sys.monitoring`, which asks once a line; before, it is called for
    each line of each frame.
    """
    tracer: Any = sys.gettrace()
    if not isinstance(getattr(tracer, "__self__", None), scrutineer.Tracer):
        yield
        return

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        return tracer(frame, event, argument) if _is_own_file(frame.f_code.co_filename) else None

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(tracer)
