"""One run of an asyncio program: what is ready, who goes on, and how it ends."""

from __future__ import annotations

import asyncio
import inspect
import weakref
from asyncio import events
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Any

from outcome import Error, Value

from raceexplore.kernel.asyncio_loop.actors import CALLBACK, Actor
from raceexplore.kernel.asyncio_loop.adapt import as_in_a_run
from raceexplore.kernel.asyncio_loop.ending import close_down, unretrieved, unwind
from raceexplore.kernel.asyncio_loop.state import Halt, State
from raceexplore.kernel.errors import BadChoice, BadProgram
from raceexplore.kernel.standing.pace import FEWEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


NEVER_RETRIEVED = "Task exception was never retrieved"  # as asyncio words it
CRASHES = (SystemExit, KeyboardInterrupt)  # what asyncio lets out of the loop


GRAVES: list[Any] = []  # tasks that are never to go on, nor to be closed


class Drive(State):
    """Steps the actors, one after the other, as the scheduler says."""

    def run(self, program: Callable[..., Any], args: Sequence[Any] = ()) -> None:
        """Run ``program`` until it ends or the verdict is reached; then wind up what is left."""
        if events._get_running_loop() is not None:
            raise BadProgram("a run cannot be started from inside a run: call it from a script")
        try:
            with as_in_a_run(self), self.loop.hooked():
                self.begin(program, args)
                self.drive_to_the_end()
        finally:
            self.loop.close()

    def begin(self, program: Callable[..., Any], args: Sequence[Any]) -> None:
        """Make the main task."""
        try:
            coroutine = program(*args)
        except CRASHES as error:
            self.crash = error
            return
        except Exception as error:  # noqa: BLE001 the program's own
            self.crash = error
            return
        if not inspect.isawaitable(coroutine):
            raise BadProgram(
                f"{getattr(program, '__name__', program)} is no async function: calling it gave"
                " no coroutine"
            )
        if not asyncio.iscoroutine(coroutine):
            coroutine = _await(coroutine)
        task = self.loop.create_task(coroutine)
        self.actors.main = self.loop.actor_of(task)
        self.actors.name_fresh()

    def drive_to_the_end(self) -> None:
        """Drive; once the verdict is reached, wind up what is left."""
        try:
            if self.actors.main is not None:
                self.drive_to_the_limit()
                if not self.verdict and self.crash is None:
                    close_down(self)
        except Halt:
            pass
        except BaseException as error:  # noqa: BLE001 judged by its kind
            self.verdict = error
        self.ended_s = self.clock.current_time()
        self.steps = self.count_steps()
        if self.buried:
            GRAVES.append([actor.task for actor in self.actors.alive])
            return
        for task in () if self.verdict else unretrieved(self):
            self.note_error(
                {"message": NEVER_RETRIEVED, "exception": task._exception, "future": task}
            )
            task._log_traceback = False
        if self.actors.alive:
            self.stopped(list(self.actors.alive))
        unwind(self)

    def main_outcome(self) -> Any:
        """Return how the main task has ended, as an outcome; None if it has not."""
        if self.outcome is not None:
            return self.outcome
        if self.crash is not None:
            return Error(self.crash)
        task: Any = None if self.actors.main is None else self.actors.main.task
        if task is None or not task.done():
            return None
        if task.cancelled():
            return Error(asyncio.CancelledError("the main task was cancelled"))
        error = task.exception()
        return Value(None) if error is None else Error(error)

    def drive_to_the_limit(self) -> None:
        """Drive, and tell a livelock from a long run if the limit of steps is reached."""
        half = self.limits.steps // 2
        self.drive(half)
        if self.verdict == "steps":
            self.verdict, before = "", self.progress()
            self.drive(self.limits.steps - half)
            moved = self.limits.steps < FEWEST or self.progress() != before
            if self.verdict == "steps" and not moved:
                self.verdict = "livelock"

    def progress(self) -> tuple[float, int]:
        """Return what changes while a run gets anywhere: time, tasks spawned and ended."""
        return self.clock.now, 2 * self.actors.named - len(self.actors.alive)

    def drive_until_stopped(self) -> None:
        """Drive until `stop` is called: for a loop that is used without a run around it."""
        self.turns_left, self.ending, self.first = inf, self.loop._stopping, True
        self.chores.clear()
        self.verdict = ""
        with suppress(Halt):
            self.drive(self.limits.steps, once=True)
        if self.crash is not None:
            error, self.crash = self.crash, None
            raise error
        if self.verdict:
            raise RuntimeError(f"the run cannot go on: {self.verdict}")

    def drive(self, limit: int, *, once: bool = False) -> None:
        """Step actors until the program has ended, ``limit`` steps are done, or a verdict is."""
        actors, line, chores = self.actors, self.line, self.chores
        queue, due, callbacks, fresh = line.queue, line.due, line.callbacks, actors.fresh
        asleep = line.asleep
        decisions, free = self.decisions, self.settings.order == "any"
        point, choose, log = decisions.point, decisions.scheduler.choose, decisions.log
        fair_after = self.settings.fair_after
        elastic, before = self.settings.time == "elastic", self.before
        last, actor = self.last, None
        line.edge *= not once
        actors.name_fresh()
        for _ in range(limit):
            while True:
                if chores:
                    self.do_chores()
                edge = line.pass_over() if asleep else line.edge
                if not edge:
                    if queue and not (due or callbacks or asleep or self.ending):
                        line.edge = edge = len(queue)  # all that `turn` would do
                        line.over = 0
                    elif self.turn():
                        last = self.last
                        continue
                    else:
                        return
                # what can go on, in asyncio's own order
                bound = (len(queue) if line.over < fair_after else edge) if free else 1
                if (callbacks or due or asleep) and free:
                    bound = len(line.options())
                if elastic and self.timers.next() != inf:
                    bound += 1
                if bound == 1:
                    actor = queue.pop(0)
                    line.edge = edge - 1
                    break
                point.bound, point.continues = bound, True
                index = choose(point)
                if index == 0:
                    actor = queue.pop(0)
                    line.edge = edge - 1
                    break
                if not 0 < index < bound:
                    raise BadChoice(decisions.complaint(index))
                actor = self.take(index)
                log.append((last.number, last.steps, actor.number, True))
                if actor is self.clockwork:
                    last = self.last = actor
                    self.fire_one()
                    continue
                break
            self.last = last = actor
            if before is not None and not self.unwinding:
                before(actor)
                if self.buried:
                    return
            if self.after is not None:
                line.mark = len(queue)
            actor.steps += 1
            callback = actor.callback
            if callback is not None:
                actor.callback, args = None, actor.args
                try:
                    if args:
                        actor.args = ()
                        actor.context.run(callback, *args)
                    else:
                        actor.context.run(callback)
                except BaseException as error:  # noqa: BLE001 it is asyncio's to catch it
                    self.raised_through(actor, error)
                if actor.callback is None and actor.task.done():
                    self.finish(actor)
            else:
                self.call(actor)
            if fresh:
                actors.name_fresh()
            if asleep:
                line.rouse(actor)
            if self.after is not None:
                if chores:
                    self.do_chores()
                self.after(actor, line.woken(actor))
        self.verdict = "steps"

    def take(self, index: int) -> Any:
        """Remove and return the option at ``index``; the last one may be the clock."""
        actor = self.line.take(index) if self.settings.order == "any" else None
        if actor is None:
            return self.clockwork
        self.own_order = False
        return actor

    def turn(self) -> bool:
        """Begin the next turn of asyncio's loop; let time pass if nothing is ready."""
        stopping, line = self.loop._stopping, self.line
        if self.turns_left <= 1 or (stopping and not self.first):
            return False
        self.turns_left -= 1
        if line.is_empty and (self.turns_left < inf or stopping or not self.pass_time()):
            return False
        line.begin_turn()
        self.first = False
        return True

    def call(self, handle: Any) -> None:
        """Call a callback as asyncio does."""
        if handle.kind is CALLBACK:
            self.line.callbacks.remove(handle)
        self.infos[handle]
        if handle._cancelled:
            return
        try:
            handle._run()
        except BaseException as error:  # noqa: BLE001 as asyncio: it goes through the loop
            self.raised_through(handle, error)
        handle._callback = handle._args = None

    def raised_through(self, actor: Any, error: BaseException) -> None:
        """Handle what asyncio's loop would not: it ends the run."""
        if isinstance(error, Exception):
            self.loop.call_exception_handler(
                {"message": f"Exception in a step of {actor.name}", "exception": error}
            )
            return
        if isinstance(error, CRASHES) and not self.unwinding:
            self.crash = error
        elif not self.verdict:
            self.verdict = error
        raise Halt from None

    def finish(self, actor: Actor) -> None:
        """Take note that the task of ``actor`` has ended."""
        task = actor.task
        self.actors.alive.pop(actor, None)
        if actor is self.actors.main:
            self.turns_left, self.ending = 2, True
        if not task.cancelled():
            error = task._exception
            if error is None:
                self.look_for_swallowed(actor, task)
            else:
                self.ended_by = type(error).__name__
                self.endings.append(error)
                self.raised = error if self.after is not None else None
                if actor is not self.actors.main:
                    self.failed.append(weakref.ref(task))
        elif self.after is not None:
            self.ended_by = "CancelledError"
        if actor is not self.actors.main:
            actor.task = None
            self.loop.strangers.pop(task, None)  # so that it is freed when the program lets go

    def look_for_swallowed(self, actor: Actor, task: Any) -> None:
        """Tell of a task that was cancelled and ends as if it had not been."""

    def left_behind(self, actors: list[Actor]) -> None:
        """Tell of tasks that are not done when the program has ended."""

    def note_error(self, context: dict[str, Any]) -> bool:
        """Hand over what asyncio would log; True if somebody wants it."""
        return self.unwinding


async def _await(awaitable: Any) -> Any:
    """Await what is not a coroutine, as the main task."""
    return await awaitable
