"""What asyncio's loop, its tasks and its futures do in C, told to a ledger: no call shows it.

A proof rests on these. A task that stops to wait adds a callback to the future that it waits for,
and one that ends sets its own result. Plain callbacks run in the order in which they are posted, so
that to post one is to write the line in which they wait. Each event of a task looks at what may
cancel it (see `Scope`). A call that was posted is made by nobody's code: what it does is told as if
the program had made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.kernel.asyncio_loop.actors import (
    CALLBACK,
    THREAD,
    Actor,
    CallbackLine,
    Complaints,
    TimerActor,
)
from raceexplore.kernel.asyncio_loop.drive import Drive
from raceexplore.kernel.asyncio_loop.ending import user_call
from raceexplore.kernel.asyncio_loop.tasks import ControlledTask
from raceexplore.kernel.events.cancels import CHOICE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.events.record import Ledger, Recorder


class NotedDrive(Drive):
    """A run that tells its ledger, if it has one."""

    ledger: Ledger | None = None
    recorder: Recorder | None = None
    chosen = False  # a cancellation is the run's own choice

    @property
    def notes(self) -> Ledger | None:
        """The ledger of the present event; None once nothing counts any more."""
        return None if self.unwinding else self.ledger

    def new_actor(self, task: Any) -> Actor:
        """Return the actor of ``task``, which others can reach from now on."""
        actor = super().new_actor(task)
        if (ledger := self.notes) is not None:
            ledger.introduce((actor.scope, task))
        return actor

    def post(self, handle: Any) -> None:
        """Let ``handle`` be called, after the callbacks that wait already."""
        super().post(handle)
        if (ledger := self.notes) is not None:
            ledger.introduce((handle, handle._callback, *handle._args))
            if handle.kind is CALLBACK:
                ledger.write(CallbackLine, ...)
            if self.ending:
                ledger.opaque("a call that is posted once the main task has ended")
            if handle.polls:
                ledger.opaque("a callback that posts itself, which waits for the others,")

    def wait_for_time(self, handle: Any) -> None:
        """Let the timer ``handle`` wait."""
        super().wait_for_time(handle)
        if (ledger := self.notes) is not None:
            ledger.introduce((handle, handle._callback, *handle._args))

    def touch(self, obj: object) -> None:
        """Note that the present event changes ``obj``."""
        if (ledger := self.notes) is not None:
            ledger.write(obj, ...)

    def look(self, obj: object) -> None:
        """Note that the present event looks at ``obj``."""
        if (ledger := self.notes) is not None:
            ledger.look((obj,))

    def call(self, handle: Any) -> None:
        """Call a callback; those of no task come one after the other."""
        if (ledger := self.notes) is not None:
            ledger.look((handle,))
            if not handle._cancelled:
                callback, args = handle._callback, handle._args
                if handle.kind is THREAD:
                    _, callback, args = args
                ledger.call(callback, args)
        super().call(handle)
        if handle.kind is CALLBACK and self.recorder is not None:
            self.recorder.causes.next_in_line(handle, len(self.events))

    def finish(self, actor: Actor) -> None:
        """Take note that the task of ``actor`` has ended: those who ask for its result can tell."""
        task = actor.task
        super().finish(actor)
        if (ledger := self.notes) is None:
            return
        ledger.write(task, ...)
        if not task.cancelled():
            ledger.introduce((task._result,))
            if task._exception is not None:
                ledger.write(Complaints, ...)
        # what is posted already is called in this turn or the next, the last ones; a task is left
        if actor is self.actors.main and self.actors.alive:
            ledger.opaque("the end of the main task, while others could go on,")

    def job(self, future: Any, func: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Do a thread's job, and note that it sets ``future``."""
        super().job(future, func, args)
        if (ledger := self.notes) is not None:
            ledger.write(future, ...)
            ledger.introduce((future._result, future._exception))

    def cancels(self, actor: Actor) -> None:
        """Note that the present event cancels ``actor``, and what that waits for."""
        super().cancels(actor)
        if (ledger := self.notes) is not None:
            ledger.write(actor.scope, ...)
            if self.recorder is not None:
                by_clock = type(self.last) is TimerActor
                called = CHOICE if self.chosen else str(user_call() or "")
                number = len(self.events)
                self.recorder.cancels.note((actor.scope,), number, deadline=by_clock, called=called)
            future = None if actor.task is None else actor.task._fut_waiter
            if future is not None:
                ledger.write(future, ...)

    def record(self, recorder: Recorder, after: Callable[[Any, Sequence[Any]], None]) -> None:
        """Have ``recorder`` told of all that happens."""
        self.events, self.fired, self.after = recorder.events, recorder.clock_fired, after
        self.timed, self.ledger, self.recorder = recorder.causes.timed, recorder.ledger, recorder
        recorder.hands_over = False
        if recorder.ledger is not None:
            self.after = self.noted(recorder.ledger, after)

    def noted(
        self, ledger: Ledger, after: Callable[[Any, Sequence[Any]], None]
    ) -> Callable[[Any, Sequence[Any]], None]:
        """Return what is called after each event: it notes what the task waits for."""

        def noted(actor: Any, woken: Sequence[Any]) -> None:
            if type(actor) is Actor and actor.task is not None:
                future = actor.task._fut_waiter
                if future is not None:
                    ledger.introduce((future,))  # whoever cancels the task cancels it, too
                    ledger.write(future, ...)
                if type(actor.task) is not ControlledTask:
                    ledger.opaque("a task of a class of its own")
            after(actor, woken)

        return noted
