"""Strands: ordinary code on a stack of its own, which can pause although it awaits nothing.

A strand is a greenlet: one thread, one switch at a time, and only where the code itself calls out.
So nothing is decided by the machine, and the guard need not let any thread through. Measured on
two cores (benchmarks/strands.py): a pause costs 2.3 us, and 20 us with a parked thread.

What holds: code of a strand runs only inside `Strand.run`, which the task of the strand awaits;
whatever awaits in the strand is yielded by that task, so that the run loop sees a task like others.
A strand whose task has been killed or cancelled is unwound, and none of its calls reaches anything.
"""

from __future__ import annotations

from importlib import import_module
from inspect import iscoroutine
from types import CodeType, FrameType, coroutine
from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.errors import RaceExploreError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

HINT = "ordinary code in a simulated process needs greenlet: pip install 'raceexplore[sim]'"


class NeedsGreenlet(RaceExploreError):
    """The library is missing by which ordinary code is paused."""


class Calls(Protocol):
    """What a strand's calls of the operating system lead to."""

    def call(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> object:
        """Do the call ``name``, such as ``os.rename``; it may pause the strand by `wait`."""
        ...

    def enter(self) -> None:
        """Go on: what a process has of its own (its output) takes its place."""
        ...

    def leave(self) -> None:
        """Pause: put back what was there."""
        ...


class Strand:
    """One piece of ordinary code, or a coroutine whose ordinary parts may pause, too.

    calls: what its calls of the operating system lead to.
    """

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.stack: Any = None
        self.closed = False

    async def run(self, function: Callable[..., object], *args: Any) -> object:
        """Return what ``function(*args)`` does; if that is a coroutine, what it comes to."""
        self.stack = stack = _stack(self, function, args)
        step: Callable[..., Any] = stack.switch
        value: tuple[Any, ...] = ()
        try:
            while True:
                self.calls.enter()
                try:
                    trap = step(*value)
                finally:
                    self.calls.leave()
                if stack.dead:
                    return trap
                try:
                    step, value = stack.switch, (await _passed_on(trap),)
                except BaseException as error:  # noqa: BLE001 the strand is to have it
                    self.closed = self.closed or isinstance(error, GeneratorExit)
                    step, value = stack.throw, (error,)
        finally:
            self.closed = True
            if not stack.dead:  # the error above has ended the task before the strand could
                stack.throw(GeneratorExit())

    def frames(self) -> list[FrameType]:
        """Return the frames of the strand while it is paused, outermost first."""
        found: list[FrameType] = []
        frame = None if self.stack is None else self.stack.gr_frame
        while frame is not None:
            found.append(frame)
            frame = frame.f_back
        return found[::-1]

    def awaited(self) -> Any:
        """Return the coroutine that is suspended at the end of `frames`; None if there is none."""
        frame = None if self.stack is None else self.stack.gr_frame
        while frame is not None and frame.f_code is not _driven.__code__:
            frame = frame.f_back
        return None if frame is None else frame.f_locals["awaited"]


CODE: CodeType = Strand.run.__code__
"""The code of the coroutine in whose place a strand's own frames stand (`frames`)."""


def inside() -> Strand | None:
    """Return the strand whose code is running; None outside of all."""
    if not _kinds:
        return None
    kind, getcurrent = _kinds[0]
    current: Any = getcurrent()
    if type(current) is not kind:
        return None
    strand: Strand = getattr(current, "strand")  # noqa: B009 its class is made when it is needed
    return strand


def wait(awaited: Coroutine[Any, Any, object]) -> Any:
    """Run a coroutine to its end from ordinary code in a strand; the strand pauses meanwhile."""
    strand = inside()
    assert strand is not None, "only a strand can pause"
    if strand.closed:  # its task has ended: this is only unwinding
        awaited.close()
        raise GeneratorExit
    return _driven(awaited, strand.stack.parent.switch)


def _driven(awaited: Coroutine[Any, Any, object], hand_out: Callable[[object], object]) -> object:
    """Run a coroutine on the strand's stack, and hand out whatever it yields."""
    step: Callable[[Any], object] = awaited.send
    value: object = None
    while True:
        try:
            trap = step(value)
        except StopIteration as end:
            return end.value
        try:
            step, value = awaited.send, hand_out(trap)
        except BaseException as error:  # noqa: BLE001 it belongs to who awaits
            step, value = awaited.throw, error


@coroutine
def _passed_on(trap: object) -> Generator[object, object, object]:
    return (yield trap)


_kinds: list[tuple[type, Callable[[], Any]]] = []  # of greenlets that are strands, once imported


def _stack(strand: Strand, function: Callable[..., object], args: tuple[Any, ...]) -> Any:
    if not _kinds:
        try:
            greenlet: Any = import_module("greenlet")
        except ModuleNotFoundError:
            raise NeedsGreenlet(HINT) from None

        class Stack(greenlet.greenlet):  # type: ignore[misc]  # it has no types
            """The stack of one strand."""

            strand: Strand

        _kinds.append((Stack, greenlet.getcurrent))
    kind, getcurrent = _kinds[0]

    def begin() -> object:
        done = function(*args)
        return _driven(done, stack.parent.switch) if iscoroutine(done) else done

    stack: Any = kind(begin)
    stack.strand = strand
    stack.gr_context = getcurrent().gr_context  # the task's variables are the strand's
    return stack
