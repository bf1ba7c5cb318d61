"""Whether a cancelled task caught its cancellation, or an error that took its place.

``try: await ... finally: rollback()`` whose rollback raises lets that error go on, in place of the
cancellation; who handles it, inside the cancelled block too, swallows nothing. No trace of that is
left when the block is done. So a run that looks as if a task had swallowed its cancellation is done
once more, and that task's handlers are watched: Python ends each by ``POP_EXCEPT``, and goes on
with ``RERAISE`` exactly where an error leaves the handler, the same or another.
"""

from __future__ import annotations

import dis
import sys
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.fence.hostile import leaves_of

if TYPE_CHECKING:
    from types import FrameType

    from raceexplore.kernel.events.trace import Site
    from raceexplore.kernel.standing.moment import Moment

POP_EXCEPT, RERAISE = dis.opmap["POP_EXCEPT"], dis.opmap["RERAISE"]


class Handlers:
    """Watches the events of the task ``path``, which was cancelled while it waited at ``site``.

    site: None where a runtime does not say; any cancellation of the task counts then. It is called
    before each event, and traces that task's alone, instruction by instruction: who follows the run
    by a tracer of his own follows all others. let_go: a handler of the cancellation was left by an
    error. swallowed: one was left as if nothing had been.
    """

    def __init__(self, path: str, site: Site | None, cancellation: type[BaseException]) -> None:
        self._path, self._site, self._cancellation = path, site, cancellation
        self._tracing, self._other = False, sys.gettrace()
        self.let_go = self.swallowed = False

    def __call__(self, moment: Moment) -> None:
        """Begin to trace, or end it."""
        if (moment.path == self._path) != self._tracing:
            self._tracing = not self._tracing
            sys.settrace(self._enter if self._tracing else self._other)

    def close(self) -> None:
        """Trace no more."""
        sys.settrace(self._other)

    def _enter(self, frame: FrameType, _event: str, _value: object) -> Any:
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return self._step

    def _step(self, frame: FrameType, event: str, _value: object) -> Any:
        if event == "opcode":
            code, at = frame.f_code.co_code, frame.f_lasti
            if code[at] == POP_EXCEPT:
                self._left(sys.exc_info()[1], by_error=code[at + 2] == RERAISE)
        return self._step

    def _left(self, error: BaseException | None, *, by_error: bool) -> None:
        for leaf in leaves_of(error) if error is not None else ():
            if issubclass(type(leaf), self._cancellation) and self._is_of_site(leaf):
                self.let_go |= by_error
                self.swallowed |= not by_error

    def _is_of_site(self, error: BaseException) -> bool:
        step, site = error.__traceback__, self._site
        if site is None:
            return True
        while step is not None:
            if step.tb_lineno == site.line and step.tb_frame.f_code.co_filename == site.file:
                return True
            step = step.tb_next
        return False
