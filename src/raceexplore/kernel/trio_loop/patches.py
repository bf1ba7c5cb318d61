"""Trio's events and threads as a run needs them; in place as long as `guard.guarded` lasts.

Outside a run they do what they always did: they look whether the runner of this thread is ours.
"""

from __future__ import annotations

from functools import wraps
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

import trio
from outcome import capture

from raceexplore.kernel.fence.outside import outside
from raceexplore.kernel.trio_loop.compat import (
    GLOBAL_RUN_CONTEXT,
    SENDERS,
    by_spawn,
    check_trio,
    sniffio,
    threads,
)
from raceexplore.kernel.trio_loop.runner import ControlledRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from raceexplore.kernel.trio_loop.inert import Soon

inline: list[Callable[..., Any]] = []  # answers from_thread, while a thread's function runs inline


class Abortable(Protocol):
    """The run loop, as far as a thread's function needs it."""

    soon: Soon

    def abort(self, verdict: str | BaseException) -> None:
        """End the run before its next event, because of ``verdict``."""


def patches() -> Iterator[tuple[Any, str, Any]]:
    """Yield (owner, attribute, replacement) for each part of trio's that a run needs otherwise."""
    check_trio()
    yield trio.Event, "set", _waking_in_order(trio.Event.set)
    yield threads, "start_thread_soon", _starting_inline(threads.start_thread_soon)
    sender = next(name for name in SENDERS if hasattr(threads, name))
    yield threads, sender, _sending_inline(getattr(threads, sender))


def _waking_in_order(real: Any) -> Any:
    """Make an event wake its waiters in the order of spawning: trio's set is in no order."""

    @wraps(real)
    def set_event(event: Any) -> None:
        if len(event._tasks) > 1:
            event._tasks = dict.fromkeys(sorted(event._tasks, key=by_spawn))
        real(event)

    return set_event


def _starting_inline(real: Any) -> Any:
    """Make ``to_thread.run_sync`` call its function inline, between two schedule points."""

    def start(fn: Any, deliver: Any, *args: Any, **kwargs: Any) -> None:
        runner = getattr(GLOBAL_RUN_CONTEXT, "runner", None)
        if isinstance(runner, ControlledRunner):
            runner.thread(fn, deliver)
        else:
            real(fn, deliver, *args, **kwargs)

    return start


def _sending_inline(real: Any) -> Any:
    def send(*args: Any, **kwargs: Any) -> Any:
        return inline[-1](real, *args, **kwargs) if inline else real(*args, **kwargs)

    return send


def call_inline(
    loop: Abortable, function: Callable[[], Any], deliver: Callable[[Any], object]
) -> None:
    """Call ``function`` as a thread would, outside of trio, and deliver the outcome."""
    context = GLOBAL_RUN_CONTEXT.__dict__
    inside = dict(context)
    context.clear()

    def from_thread(send: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(inside)
        try:
            return _answer(loop, *args, **kwargs)
        finally:
            context.clear()

    inline.append(from_thread)
    if sniffio is not None:
        sniffio.name = None
    try:
        outcome = capture(function)
    finally:
        if sniffio is not None:
            sniffio.name = "trio"
        inline.pop()
        context.update(inside)
    loop.soon.direct = True
    try:
        deliver(outcome)
    finally:
        loop.soon.direct = False


def _answer(loop: Abortable, *args: Any, **kwargs: Any) -> Any:
    """Do what a thread's function asks of trio: a plain call at once; all else is refused."""
    if "context" in kwargs:  # before trio 0.23
        callback, *more = args
        queue: SimpleQueue[Any] = SimpleQueue()
        kwargs["context"].run(callback, queue, more[0], tuple(more[1:]))
    else:
        message = args[1]
        queue = message.queue
        if hasattr(message, "run_sync"):
            message.run_sync()
    if queue.empty():
        error = outside("trio.from_thread.run()", "from_thread")
        loop.abort(error)
        raise error
    return queue.get_nowait().unwrap()
