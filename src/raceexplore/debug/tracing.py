"""Pdb that stays inside the tasks of a run: it stops in the program's own frames and no others."""

from __future__ import annotations

import dis
import pdb  # noqa: T100 this is the debugger
import sys
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raceexplore.kernel import run as kernel_run
from raceexplore.kernel.standing.walk import is_user_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_KERNEL = str(Path(kernel_run.__file__).parent)
_SUSPENDS = CO_ASYNC_GENERATOR | CO_COROUTINE | CO_GENERATOR
_YIELD = dis.opmap["YIELD_VALUE"]


def stack_of(frame: FrameType | None) -> list[tuple[FrameType, int]]:
    """Return (frame, line) of the program's calls down to ``frame``, which is always the last."""
    found: list[tuple[FrameType, int]] = []
    while frame is not None and not frame.f_code.co_filename.startswith(_KERNEL):
        if not found or is_user_file(frame.f_code.co_filename):
            found.append((frame, frame.f_lineno))
        frame = frame.f_back
    return found[::-1]


class TaskPdb(pdb.Pdb):
    """Pdb for the tasks of a run; `arm` it before an event.

    ``next`` over an await waits until this task goes on; at the end of a task it calls ``left``.
    """

    left: Callable[[], object]

    def __init__(self, stdin: Any, stdout: Any) -> None:
        super().__init__(stdin=stdin, stdout=stdout, nosigint=True)
        self._target: FrameType | None = None
        self._raising: FrameType | None = None
        self.botframe: Any = None
        self.stopframe: Any = None
        self.stoplineno: Any = None

    def arm(self, target: FrameType) -> None:
        """Stop as soon as ``target``, the frame of a suspended or new coroutine, goes on."""
        self.reset()
        self.botframe = sys._getframe()  # noqa: SLF001 some frame that is never traced
        self._target = target
        sys.settrace(self.trace_dispatch)

    def arm_here(self, frame: FrameType) -> None:
        """Stop at the next line of the program after ``frame``, in which it now is."""
        self.reset()
        self.botframe = sys._getframe()  # noqa: SLF001 some frame that is never traced
        for inner, _ in stack_of(frame):
            inner.f_trace = self.trace_dispatch
        sys.settrace(self.trace_dispatch)

    def get_stack(self, f: FrameType | None, t: Any) -> tuple[list[tuple[FrameType, int]], int]:
        """Return the program's frames of this task only."""
        stack = stack_of(f)
        while t is not None:
            stack.append((t.tb_frame, t.tb_lineno))
            t = t.tb_next
        return stack, max(len(stack) - 1, 0)

    def stop_here(self, frame: FrameType) -> bool:
        """Stop only in the program's own files."""
        return is_user_file(frame.f_code.co_filename) and super().stop_here(frame)

    def dispatch_call(self, frame: FrameType, arg: Any) -> Any:
        """Stop where the task goes on; a frame that is only resumed is no new call."""
        if self._target is frame:
            self._target = None
            self.interaction(frame, None)
            return self.trace_dispatch
        code = frame.f_code
        if not is_user_file(code.co_filename):
            return None
        resumed = code.co_flags & _SUSPENDS and frame.f_lineno != code.co_firstlineno
        if self._target is not None or resumed:
            return self.trace_dispatch
        return super().dispatch_call(frame, arg)

    def dispatch_return(self, frame: FrameType, arg: Any) -> Any:
        """Suspending is no return; after the last line of a coroutine comes its caller."""
        code = frame.f_code
        if not code.co_flags & _SUSPENDS:
            return super().dispatch_return(frame, arg)
        if code.co_code[frame.f_lasti] == _YIELD and frame is not self._raising:
            return self.trace_dispatch
        if frame is not self.stopframe:
            return super().dispatch_return(frame, arg)
        if self.stoplineno == -1:  # the user asked for the return of this call
            self.user_return(frame, arg)
            return self.trace_dispatch
        outer = stack_of(frame.f_back)
        caller = outer[-1][0] if outer else None
        if caller is not None and is_user_file(caller.f_code.co_filename):
            self.set_next(caller)
        else:
            self.left()
            self.set_continue()
        return self.trace_dispatch

    def dispatch_exception(self, frame: FrameType, arg: Any) -> Any:
        """Stop at exceptions as pdb does; how coroutines return is none."""
        if arg[0] in (StopIteration, StopAsyncIteration, GeneratorExit):
            return self.trace_dispatch
        self._raising = frame
        return super().dispatch_exception(frame, arg)

    def dispatch_line(self, frame: FrameType) -> Any:
        """Stop at lines as pdb does."""
        self._raising = None
        return super().dispatch_line(frame)

    def set_continue(self) -> None:
        """Go on; unlike bdb, without a walk up to frames that are not the program's."""
        self._set_stopinfo(self.botframe, None, -1)  # type: ignore[attr-defined]
        if not self.breaks:
            sys.settrace(None)
            for frame, _ in stack_of(sys._getframe().f_back):  # noqa: SLF001 the task's own
                frame.f_trace = None
