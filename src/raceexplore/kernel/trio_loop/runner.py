"""Trio's Runner with what a run needs of it: names for tasks, cheap spawning, late hooks."""

from __future__ import annotations

import contextvars
import sys
from inspect import CO_COROUTINE
from types import FunctionType
from typing import TYPE_CHECKING, Any

import trio
from outcome import Error

from raceexplore.kernel.names import TaskInfo
from raceexplore.kernel.trio_loop.cancellations import Deliveries, sort_cancelled
from raceexplore.kernel.trio_loop.compat import (
    GLOBAL_RUN_CONTEXT,
    KNOWN_TASK,
    NO_SEND,
    AsyncGenerators,
    Runner,
    Task,
    TrioInstruments,
)
from raceexplore.kernel.trio_loop.inert import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

new_task = type.__call__  # past the guard in Python that keeps programs from making tasks


class Instruments(dict[str, Any]):
    """Trio's instruments as a real dict, not one in Python: they are asked all the time."""

    add_instrument = TrioInstruments.add_instrument
    remove_instrument = TrioInstruments.remove_instrument
    call = TrioInstruments.call

    def __init__(self, incoming: Sequence[Any]) -> None:
        self["_all"] = {}
        for instrument in incoming:
            self.add_instrument(instrument)

    @property
    def data(self) -> Instruments:
        """Where trio's methods look."""
        return self


class LateGenerators(AsyncGenerators):  # type: ignore[misc]
    """Trio's care for async generators, from the first one on: most programs have none."""

    runner: Any
    finalizer: Any

    def install_hooks(self, runner: Any) -> None:
        """Have `first` called for the first async generator of the run."""
        self.runner = runner
        self.prev_hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self.first, self.last)

    def first(self, generator: Any) -> None:
        """Install trio's own hooks, and give them ``generator``, which has got `last` by now."""
        sys.set_asyncgen_hooks(*self.prev_hooks)
        AsyncGenerators.install_hooks(self, self.runner)
        hooks = sys.get_asyncgen_hooks()
        self.finalizer = hooks.finalizer
        assert hooks.firstiter is not None
        hooks.firstiter(generator)

    def last(self, generator: Any) -> None:
        """Finalize the first async generator of the run as trio does."""
        self.finalizer(generator)

    def close(self) -> None:
        """Leave no hook behind, and let go of the runner."""
        AsyncGenerators.close(self)
        self.runner = None


class ControlledRunner(Runner):  # type: ignore[misc]
    """Trio's Runner, which also names its tasks."""

    infos: dict[Any, TaskInfo]
    names: dict[int, TaskInfo]  # the same, by trio's numbers of the tasks
    cancelled: list[Any]
    deliveries: Deliveries
    thread: Callable[[Any, Any], None]

    def reschedule(self, task: Any, outcome: Any = NO_SEND) -> None:
        """Do what trio's does; put cancelled tasks in order, which trio's sets do not.

        Written out because it is called twice a task: trio's makes an outcome each time.
        """
        if outcome is NO_SEND:
            outcome = NOTHING
        elif type(outcome) is Error:
            if not self.cancelled:
                self.entry_queue.chores.append((sort_cancelled, (self.runq, self.cancelled)))
            self.cancelled.append(task)
            if isinstance(outcome.error, trio.Cancelled):
                self.deliveries.note(task)
        assert task._runner is self
        assert task._next_send_fn is None
        task._next_send_fn, task._next_send = task.coro.send, outcome
        task._abort_func = task.custom_sleep_data = None
        self.runq.append(task)
        if "task_scheduled" in self.instruments:
            self.instruments.call("task_scheduled", task)

    def spawn_impl(self, async_fn: Any, args: Any, nursery: Any, name: Any, **more: Any) -> Any:
        """Spawn as trio does, and note who spawned what."""
        spawner = GLOBAL_RUN_CONTEXT.__dict__.get("task")
        if is_plain(async_fn, name):
            task = self.spawn_plain(async_fn, args, nursery, name, **more)
        else:
            task = Runner.spawn_impl(self, async_fn, args, nursery, name, **more)
        infos = self.infos
        if nursery is None:
            info = TaskInfo(None, "trio", 0)
        elif self.main_task is None:
            info = TaskInfo(None, "main", 1)
        else:
            label = async_fn if name is None else name
            parent = infos[self.init_task if spawner is None else spawner]
            info = TaskInfo(parent, label, len(infos))
        infos[task] = self.names[task._counter] = info
        return task

    def spawn_plain(
        self,
        async_fn: Any,
        args: Any,
        nursery: Any,
        name: str | None,
        *,
        system_task: bool = False,
        context: contextvars.Context | None = None,
    ) -> Any:
        """Spawn a plain async function: trio's spawn_impl without what such a one never needs.

        Calling it runs none of its code, so that neither the context nor sniffio matters yet, and
        nothing can be wrong with what it returns. Half of the time of a short run is spawning.
        """
        if nursery is not None and nursery._closed:
            raise RuntimeError("Nursery is closed to new arrivals")
        if context is None:
            context = self.system_context.copy() if system_task else contextvars.copy_context()
        coro = async_fn(*args)
        task = new_task(
            Task,
            coro=coro,
            parent_nursery=nursery,
            runner=self,
            name=f"{async_fn.__module__}.{async_fn.__qualname__}" if name is None else name,
            context=context,
            ki_protected=system_task,
        )
        self.tasks.add(task)
        if nursery is not None:
            nursery._children.add(task)
            task._activate_cancel_status(nursery._cancel_status)
        tell(self.instruments, "task_spawned", task)
        self.reschedule(task, None)
        return task


def is_plain(async_fn: Any, name: object) -> bool:
    """Return whether ``async_fn`` is an async function itself, and ``name`` needs no spelling."""
    plain = KNOWN_TASK and type(async_fn) is FunctionType and (name is None or type(name) is str)
    return plain and bool(async_fn.__code__.co_flags & CO_COROUTINE)


def tell(instruments: Any, hook: str, *args: Any) -> None:
    """Call the instruments that listen to ``hook``."""
    if hook in instruments:
        instruments.call(hook, *args)
