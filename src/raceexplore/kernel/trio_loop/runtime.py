"""The world's runtime where the program is trio's."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

import trio
from outcome import Value

from raceexplore.kernel.events.trace import Access
from raceexplore.kernel.lot import nobody
from raceexplore.kernel.trio_loop.compat import by_spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterator
    from types import TracebackType

    from raceexplore.kernel.events.record import Recorder


class TrioWaiter:
    """One wait of one trio task."""

    __slots__ = ("_left", "_sent", "_task", "holders", "what")

    def __init__(self, left: Callable[[Any], object]) -> None:
        self._left = left
        self._task: trio.lowlevel.Task | None = None
        self._sent: Value[object] | None = None
        self.what = ""
        self.holders: Callable[[], tuple[str, ...]] = nobody

    async def wait(self) -> object:
        """Wait until `wake`, and return what it was given; at once if it has come already."""
        if self._sent is None:
            self._task = trio.lowlevel.current_task()
            return await trio.lowlevel.wait_task_rescheduled(self._abort)
        return self._sent.value

    def wake(self, value: object = None) -> bool:
        """Let the task go on; False if it is not waiting any more: woken or cancelled."""
        if self._sent is not None:
            return False
        self._sent = Value(value)
        if self._task is not None:
            trio.lowlevel.reschedule(self._task, self._sent)
        return True

    def _abort(self, _: object) -> trio.lowlevel.Abort:
        self._sent = Value(None)  # nobody can wake it any more
        self._left(self)
        return trio.lowlevel.Abort.SUCCEEDED


class TrioTimeout:
    """``trio.move_on_after`` as an async block."""

    __slots__ = ("_scope", "expired")

    def __init__(self, seconds: float) -> None:
        self._scope = trio.move_on_after(seconds)
        self.expired = False

    async def __aenter__(self) -> Self:
        self._scope.__enter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        caught = bool(self._scope.__exit__(kind, error, traceback))
        self.expired = self._scope.cancelled_caught
        return caught


class TrioSpawned:
    """A trio task of the system nursery: it ends with the program at the latest."""

    __slots__ = ("_runtime", "at_kill", "begun", "ended", "scope", "task")
    done: Any = property(lambda self: self._runtime.is_done(self))  # noted: it may end later

    def __init__(self, runtime: TrioRuntime) -> None:
        self._runtime = runtime
        self.scope = trio.CancelScope()
        self.task: Any = None
        self.begun = self.ended = False
        self.at_kill: list[Callable[[], object]] = []

    def cancel(self) -> None:
        """Cancel the task: it unwinds, and runs what it has to clean up."""
        if not self.done:
            self.scope.cancel()

    def kill(self) -> None:
        """Make the task vanish, and all that it has started: a crash runs no ``finally``."""
        if not self.done:
            self.ended = True
            self._runtime.kill(self)


class TrioRuntime:
    """Pauses, waits and tasks of one run.

    loop: the run loop. failed: called with what a spawned task raises. recorder: follows the run.
    """

    checkpoint = staticmethod(trio.lowlevel.checkpoint)
    sleep = staticmethod(trio.sleep)
    timeout = TrioTimeout
    waiter = TrioWaiter

    def __init__(
        self, loop: Any, failed: Callable[[BaseException], object], recorder: Recorder | None
    ) -> None:
        self._loop, self._failed, self._recorder = loop, failed, recorder
        self._handles, self._killed = dict[Any, TrioSpawned](), list[Any]()

    def spawn(
        self, function: Callable[..., Coroutine[Any, Any, object]], args: tuple[Any, ...], name: str
    ) -> TrioSpawned:
        """Start a task that does not outlive the program; what it raises fails the run."""
        runner, handle = self._loop.runner, TrioSpawned(self)
        handle.task = runner.spawn_impl(
            self._run, (handle, function, *args), runner.system_nursery, name
        )
        self._handles[handle.task] = handle
        if self._recorder is not None:
            self._recorder.starts(handle.task, function)
        return handle

    async def _run(
        self, handle: TrioSpawned, function: Callable[..., Coroutine[Any, Any, object]], *args: Any
    ) -> None:
        handle.begun = True
        try:
            with handle.scope:
                await function(*args)
        except Exception as error:  # it is the program's, and becomes the failure
            self._failed(error)
        finally:
            handle.ended = True
            self.touch(handle, write=True)  # who came later would find it at work, and stop it

    def at_kill(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when the current task is killed, if it can be."""
        task: Any = trio.lowlevel.current_task()
        while task is not None:
            handle = self._handles.get(task)
            if handle is not None:
                handle.at_kill.append(callback)
                return
            nursery = task.parent_nursery
            task = None if nursery is None else nursery.parent_task

    def is_done(self, handle: TrioSpawned) -> bool:
        """Return whether the task of ``handle`` has ended, or was killed; note the look at it."""
        self.touch(handle, write=False)
        return handle.ended

    def touch(self, handle: TrioSpawned, *, write: bool) -> None:
        """Note that the event looks whether the task of ``handle`` has ended, or changes that."""
        ledger = None if self._recorder is None else self._recorder.ledger
        if ledger is not None:
            if write:
                ledger.write(handle.scope, ...)
            else:
                ledger.look((handle.scope,))

    def kill(self, handle: TrioSpawned) -> None:
        """Take the task of ``handle`` and all that it has started out of the run."""
        loop = self._loop
        if not handle.begun:
            self._note_beginning(handle, write=True)
        else:
            # each of their events looks at this scope, so each is in conflict with the kill
            self.touch(handle, write=True)
        for callback in handle.at_kill:
            callback()
        if loop.last in family(handle.task):
            loop.soon.chores.append((self._strand, (handle,)))  # once its event has ended
        else:
            self._strand(handle)

    def _strand(self, handle: TrioSpawned) -> None:
        """Let the family of ``handle`` die where it stands: none of its code runs any more.

        Each task has one more event, its death, in which nothing happens: so that a search sees
        that it might have gone on instead. It gets there as if cancelled, and leaves whatever queue
        it waits in; trio's nurseries then find that their tasks have ended. The coroutines live
        until the run has ended, since freeing one unwinds it.
        """
        runner = self._loop.runner
        tasks = [task for task in family(handle.task) if task in runner.tasks]
        for task in tasks:
            self._killed.append((task.coro, [*task._child_nurseries]))
            task._child_nurseries.clear()  # trio would complain of a task that leaves any open
            is_new = task is handle.task and not handle.begun
            task.coro = death(self._note_beginning, handle if is_new else None)
            if task._next_send_fn is not None:
                task._next_send_fn = task.coro.send
        handle.scope.cancel()
        for task in tasks:
            abort, task._abort_func = task._abort_func, None
            if abort is not None and abort(_raise) is trio.lowlevel.Abort.SUCCEEDED:
                runner.reschedule(task)  # it was in a shielded scope
            runner.deliveries.by_task.pop(task, None)

    def _note_beginning(self, handle: TrioSpawned, *, write: bool = False) -> None:
        """Note that the event decides whether a task begins (``write``), or would begin it.

        The scope of a task that has not begun has been entered by none of its events.
        """
        if self._recorder is not None:
            label = f"the beginning of {self._loop.runner.infos[handle.task].path}"
            self._recorder.used[label, ...] = Access((label, ...), write, label)

    def close(self) -> None:
        """Let go of the run, which has ended: killed tasks may be freed now."""
        if self._killed:
            from raceexplore.kernel.fence.guard import guarded  # which looks at this folder

            with guarded(), quiet():  # what code still does as it is freed must reach nothing
                self._free()
        del self._loop, self._failed
        self._recorder, self._handles = None, {}

    def _free(self) -> None:
        for coroutine, nurseries in self._killed:
            for nursery in nurseries:
                nursery._children.clear()
            with suppress(BaseException):
                coroutine.close()
        self._killed.clear()


@contextmanager
def quiet() -> Iterator[None]:
    """Say nothing of errors that nobody can catch: a killed coroutine may end as it likes."""
    before, sys.unraisablehook = sys.unraisablehook, id
    try:
        yield
    finally:
        sys.unraisablehook = before


def family(root: Any) -> Iterator[Any]:
    """Yield ``root`` and the tasks that it and they have started, parents first."""
    yield root
    for nursery in root.child_nurseries:
        for child in sorted(nursery.child_tasks, key=by_spawn):
            yield from family(child)


class Killed(BaseException):
    """Stands for Cancelled where trio wants to be given one; nobody sees it."""


def _raise() -> None:
    raise Killed


def death(
    note: Callable[[TrioSpawned], object], handle: TrioSpawned | None
) -> Coroutine[Any, Any, None]:
    """Return a coroutine that ends as soon as it is sent anything; it notes that, for a handle."""
    coroutine = _die(note, handle)
    coroutine.send(None)
    return coroutine


async def _die(note: Callable[[TrioSpawned], object], handle: TrioSpawned | None) -> None:
    await _Once()
    if handle is not None:
        note(handle)


class _Once:
    """Awaitable that waits to be sent one value."""

    def __await__(self) -> Generator[None, object, None]:
        yield
