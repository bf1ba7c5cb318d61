"""The event loop that an asyncio program sees: asyncio's own, but for what runs when."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from asyncio import events, futures, tasks
from contextlib import contextmanager
from functools import partial
from types import BuiltinFunctionType, MethodType
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.asyncio_loop.actors import (
    CALLBACK,
    THREAD,
    Actor,
    CallbackActor,
    TimerActor,
)
from raceexplore.kernel.asyncio_loop.refused import REFUSED
from raceexplore.kernel.asyncio_loop.tasks import ControlledTask, Generators
from raceexplore.kernel.fence.outside import outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PYTHON_TASK: Any = tasks._PyTask  # type: ignore[attr-defined]
BASE: Any = asyncio.BaseEventLoop  # as Any: much of what is used here has no types


def _step_kinds() -> tuple[Any, str, tuple[str, ...]]:
    """Return how asyncio's own tasks, in C, and those in Python, ask for their next step."""
    posted: list[Any] = []

    class Loop(BASE):  # type: ignore[misc]
        def call_soon(self, callback: Any, *args: Any, context: Any = None) -> Any:
            posted.append(callback)

    async def once() -> None:
        await future

    loop = Loop()
    future = loop.create_future()
    task: Any = asyncio.Task(once(), loop=loop)
    task._log_destroy_pending = False
    before = events._get_running_loop()
    events._set_running_loop(loop)
    try:
        posted[0]()
        future.set_result(None)
        posted[-1](future)
    finally:
        events._set_running_loop(before)
        loop.close()
    python = ("_Task__step", "_Task__wakeup", "__step", "__wakeup", "__eager_start")
    return type(posted[0]), str(posted[1].__name__), python


STEP, WAKEUP, PYTHON_STEPS = _step_kinds()
RESOLUTION_S = time.get_clock_info("monotonic").resolution


def task_of(callback: Any) -> Any:
    """Return the task whose step ``callback`` is, or None for a plain callback."""
    kind = type(callback)
    if kind is BuiltinFunctionType:
        mine = callback.__name__ == WAKEUP and isinstance(callback.__self__, asyncio.Task)
        return callback.__self__ if mine else None
    if kind is MethodType and isinstance(callback.__self__, PYTHON_TASK):
        return callback.__self__ if callback.__func__.__name__ in PYTHON_STEPS else None
    return None


class ControlledLoop(BASE):  # type: ignore[misc]
    """asyncio's event loop whose ready queue and clock are the run's.

    host: the run, which picks what goes on.
    """

    host: Any

    def __init__(self, host: Any) -> None:
        # what asyncio's own makes here takes longer than a short run does
        self._closed = self._stopping = False
        self._thread_id: Any = None
        self._exception_handler = self._default_executor = None
        self._task_factory: Any = None
        self._current_handle = self._coroutine_origin_tracking_saved_depth = None
        self._coroutine_origin_tracking_enabled = False
        self._asyncgens_shutdown_called = self._executor_shutdown_called = False
        self._debug = False
        self.slow_callback_duration = 0.1
        self._clock_resolution = RESOLUTION_S
        self.host, self.clock = host, host.clock
        self.append = host.line.queue.append
        self.create_future: Any = partial(futures.Future, loop=self)
        self._asyncgens: Any = Generators()
        self.strangers: dict[Any, Actor] = {}  # the actors of tasks that somebody else has made

    @property
    def _ready(self) -> Any:
        """What is ready, for who looks into asyncio's own loop."""
        return self.host.line.queue

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        return float(self.clock.now)

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> Any:
        """Have ``callback(*args)`` called in the next turn of the loop."""
        if type(callback) is STEP:
            try:
                actor = callback.__self__.actor
            except AttributeError:
                actor = self.actor_of(callback.__self__)
                actor.context = context
        elif (
            type(callback) is BuiltinFunctionType
            and type(callback.__self__) is ControlledTask
            and callback.__name__ == WAKEUP
        ):
            actor = callback.__self__.actor
            actor.args = args
        elif (task := task_of(callback)) is not None:
            actor = self.actor_of(task)
            actor.args, actor.context = args, context
        else:
            return self._post(CALLBACK, callback, args, context)
        actor.callback = callback
        self.append(actor)
        return None

    def actor_of(self, task: Any) -> Actor:
        """Return the actor of a task that is new, or that somebody else has made."""
        ours = type(task) is ControlledTask
        actor = getattr(task, "actor", None) if ours else self.strangers.get(task)
        if actor is None:
            self._check_closed()
            actor = self.spawned(task)
        return actor

    def spawned(self, task: Any) -> Actor:
        """Return the actor of ``task``, which is new."""
        actor: Actor = self.host.new_actor(task)
        if type(task) is ControlledTask:
            task.actor = actor
        else:
            self.strangers[task] = actor
            actor.name = self.host.actors.rename(task) or actor.name
        return actor

    def _post(self, kind: str, callback: Any, args: tuple[Any, ...], context: Any) -> Any:
        self._check_closed()
        if self._debug:
            self._check_thread()
            self._check_callback(callback, "call_soon")
        handle = CallbackActor(callback, args, self, context)
        handle.kind = kind
        self.host.post(handle)
        return handle

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> Any:
        """Have ``callback`` called as `call_soon` does: there is one thread."""
        self._check_closed()
        if self._debug:
            self._check_callback(callback, "call_soon_threadsafe")
        return self.call_soon(callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        """Have ``callback`` called at ``when``, in virtual seconds."""
        if when is None:
            raise TypeError("when cannot be None")
        self._check_closed()
        if self._debug:
            self._check_thread()
            self._check_callback(callback, "call_at")
        handle: Any = TimerActor(when, callback, args, self, context)
        handle._scheduled = True
        self.host.wait_for_time(handle)
        return handle

    def _timer_handle_cancelled(self, handle: Any) -> None:
        if handle._scheduled:
            self.host.timers.forget(handle)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None, **more: Any) -> Any:
        """Make a task of ``coro``, as asyncio does; the default names count from 1 in each run."""
        self._check_closed()
        if self._task_factory is None:
            given = name is not None
            if not given:
                name = self.host.actors.next_name()
            task = ControlledTask(coro, loop=self, name=name, context=context, **more)
            if given and not more:
                task.actor.name = ""
            return task
        task = super().create_task(coro, name=name, context=context, **more)
        if getattr(task, "actor", None) is None and task not in self.strangers:
            # an eager task has begun, but was not asked for so far; or it has ended already
            (self.host.actors.rename if task.done() else self.spawned)(task)
        return task

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """Have a thread's job run as an event of its own, at some moment from now on."""
        self._check_closed()
        if self._debug:
            self._check_callback(func, "run_in_executor")
        future = self.create_future()
        self._post(THREAD, self.host.job, (future, func, args), None).code = func
        return future

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Note a failure that asyncio could only have logged."""
        # what is freed once the run has ended, which the collector decides, is no part of it
        if self.host is not None and not self.host.note_error(context):
            super().default_exception_handler(context)

    def run_forever(self) -> None:
        """Run until `stop` is called."""
        self._check_closed()
        self._check_running()
        with self.hooked():
            self.host.drive_until_stopped()

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Within the block this is the running loop."""
        hooks = sys.get_asyncgen_hooks()
        self._thread_id = threading.get_ident()
        sys.set_asyncgen_hooks(
            firstiter=self._asyncgen_firstiter_hook,
            finalizer=self._asyncgen_finalizer_hook,
        )
        events._set_running_loop(self)
        try:
            yield
        finally:
            self._stopping = False
            self._thread_id = None
            events._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)

    def close(self) -> None:
        """Close the loop: nothing can be posted any more."""
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        self._closed = self._executor_shutdown_called = True
        if self.host is not None:
            self.host.clear()

    def set_default_executor(self, executor: Any) -> None:
        """Take no executor: jobs are events of the run."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 asyncio's
        """Refuse further jobs; there is no thread to wait for."""
        self._executor_shutdown_called = True

    def stop(self) -> None:
        """Stop at the end of the present turn."""
        self._stopping = self.host.ending = True
        self.host.first = False

    @property
    def has_generators(self) -> bool:
        """Whether any async generator has not been closed."""
        return bool(self._asyncgens.items)

    def let_go(self) -> None:
        """Cut the loop, whose run has ended, loose from the run."""
        self.host = self.clock = None
        self.append = id
        self.strangers.clear()
        del self.create_future

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""

    def _process_events(self, event_list: Any) -> None:
        """There is nothing that could have happened outside."""


def _refuse(name: str, what: str, tool: str) -> Callable[..., Any]:
    def refuse(self: ControlledLoop, *args: object, **kwargs: object) -> Any:
        error = outside(what, tool)
        self.host.abort(error)
        raise error

    refuse.__name__ = name
    refuse.__doc__ = f"Refuse {what}."
    return refuse


for _name, _what, _tool in REFUSED:
    setattr(ControlledLoop, _name, _refuse(_name, _what, _tool))
