"""One run of an asyncio program while it goes on: what it consists of, and what is asked of it."""

from __future__ import annotations

import weakref
from asyncio import events, futures
from math import inf
from typing import TYPE_CHECKING, Any

from outcome import Error, capture

from raceexplore.kernel.asyncio_loop.actors import INTERRUPTION, Actor
from raceexplore.kernel.asyncio_loop.deliveries import sleep_if_idle
from raceexplore.kernel.asyncio_loop.ending import user_call
from raceexplore.kernel.asyncio_loop.loop import RESOLUTION_S, ControlledLoop
from raceexplore.kernel.asyncio_loop.names import Actors
from raceexplore.kernel.asyncio_loop.ready import Ready, Timers
from raceexplore.kernel.decisions import Decisions
from raceexplore.kernel.fence.clock import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from raceexplore.kernel.asyncio_loop.actors import CallbackActor
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.program import Limits, Settings
    from raceexplore.kernel.scheduler import Scheduler

WAKES = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
NEVER_RETRIEVED = "Task exception was never retrieved"  # as asyncio words it


class Halt(BaseException):
    """Ends the loop from within; never seen by the program."""


class State:
    """One run: asyncio's loop, what is ready in it, and the log of non-neutral decisions.

    Option 0 is always the head of the queue: what asyncio's own loop would do next.
    """

    def __init__(
        self, scheduler: Scheduler, *, settings: Settings, limits: Limits, before: Any = None
    ) -> None:
        self.settings, self.limits, self.before = settings, limits, before
        self.clock = VirtualClock()
        self.actors = Actors()
        self.clockwork = self.last = self.actors.clockwork
        self.infos, self.names = self.actors.infos, self.actors.names
        self.timers, self.line = Timers(), Ready(settings.fair_after)
        self.failed: list[weakref.ref[Any]] = []  # tasks that ended with an exception
        self.decisions = Decisions(self, scheduler)
        self.chores: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self.verdict: str | BaseException = ""
        self.unwinding = self.buried = False
        self.own_order = True  # whether asyncio's own loop would have done the same so far
        self.events, self.endings = list[Any](), list[BaseException]()
        self.fired: Callable[[], object] = bool
        self.timed: Callable[[list[Any]], object] = list
        self.steps, self.ended_s = 0, 0.0
        self.ended_by = ""
        self.raised: BaseException | None = None
        self.after: Callable[[Any, Sequence[Any]], None] | None = None
        self.stopped: Callable[[list[Any]], object] = list
        self.servants: dict[Actor, None] = {}  # tasks that the world has started
        self.outcome: Any = None  # of the main task, if `close_down` has put another in its place
        self.crash: BaseException | None = None
        self.turns_left = inf  # of asyncio's loop, once main has ended
        self.ending = False  # the main task has ended, or the loop is to stop
        self.first = False  # a loop that is told to stop before it starts does one turn
        self.loop: Any = ControlledLoop(self)

    def new_actor(self, task: Any) -> Actor:
        """Return the actor of ``task``, which the present one spawns."""
        return self.actors.new(task, self.last)

    def post(self, handle: CallbackActor) -> None:
        """Let ``handle`` be called: after the callbacks that wait already, if it is one."""
        sleep_if_idle(handle)
        self.actors.number(handle, self.last)
        self.line.post(handle, self.last)

    def wait_for_time(self, handle: Any) -> None:
        """Let the timer ``handle`` wait; if its time is now, it is ready with the next turn."""
        self.actors.number(handle, self.last)
        if handle._when < self.clock.now + RESOLUTION_S:
            handle._scheduled = False
            self.line.due.append(handle)
        else:
            self.timers.add(handle)

    def touch(self, obj: object) -> None:
        """Note that the present event changes ``obj``."""

    def job(self, future: Any, func: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Do a thread's job, outside of asyncio, and hand its outcome over."""
        events._set_running_loop(None)
        try:
            done = capture(func, *args)
        finally:
            events._set_running_loop(self.loop)
        if future.cancelled():
            return
        if isinstance(done, Error):
            future.set_exception(done.error)
        else:
            future.set_result(done.value)

    def cancels(self, actor: Actor) -> None:
        """Note that somebody cancels ``actor``; remember the line if it is the program's own."""
        if not self.unwinding:
            actor.struck = actor.steps
            actor.cancelled_by = actor.cancelled_by or user_call()

    def do_chores(self) -> None:
        """Do what waits to be done between two events."""
        while self.chores:
            function, args = self.chores.pop(0)
            function(*args)

    def follow(self, after: Callable[[Any, Sequence[Any]], None]) -> None:
        """Call ``after`` after the present event, and every one from now on."""
        self.after = self.after or after

    def abort(self, verdict: str | BaseException) -> None:
        """End the run before its next event, because of ``verdict``; the first one counts."""
        self.verdict = self.verdict or verdict
        self.chores.insert(0, (halt, ()))

    def bury(self) -> None:
        """End the run without the event that is about to begin; let nothing of it be wound up."""
        self.buried = True

    def pending(self) -> Iterable[float]:
        """Return the times of time-outs and other timers; those of sleepers are none."""
        return [due for due, handle in self.timers.pending() if handle._callback is not WAKES]

    def jump(self, seconds: float) -> None:
        """Let virtual time pass without a schedule point."""
        self.clock.jump_to(self.clock.now + seconds)
        self.chores.append((self.expire, ()))

    def clear(self) -> None:
        """Let go of what is ready: the loop is closed."""
        self.line.clear()
        self.timers.clear()

    def let_go(self) -> None:
        """Cut the ended run's objects loose from one another, so that they are freed at once."""
        self.actors.clear()
        self.failed.clear()
        self.servants.clear()
        self.loop.let_go()
        del self.loop
        self.last = self.clockwork
        self.fired, self.stopped, self.timed = bool, list, list
        self.after = self.raised = self.before = None
        self.decisions.let_go()

    def count_steps(self) -> int:
        """Return the number of events that the program's actors have done; note each one's."""
        return self.actors.count_steps()

    def pass_time(self) -> bool:
        """Let time pass to the earliest timer; False if nothing waits for it."""
        moment = self.timers.next()
        if moment == inf or moment > self.limits.virtual_s:
            self.verdict = "deadlock" if moment == inf else "virtual_s"
            return False
        self.last = self.clockwork
        self.fire_one()
        return True

    def fire_one(self) -> None:
        """Let it be the moment of the earliest timer, and those ready that wait for it."""
        self.clockwork.steps += 1
        self.clock.jump_to(self.timers.next())
        self.expire()

    def expire(self) -> None:
        """Let the timers be ready whose time has come."""
        found = self.timers.take(self.clock.now + RESOLUTION_S)
        self.line.due += found
        self.fired()
        self.timed(found)

    def alive(self, actor: Any) -> list[Any]:
        """Return the actors that can go on."""
        line = self.line
        return [one for one in line.queue if one not in line.asleep] + line.due

    def option_tasks(self) -> list[TaskInfo]:
        """Return the actor behind each option of the current choice point."""
        actors = self.line.options() if self.settings.order == "any" else self.line.queue[:1]
        if len(actors) < self.decisions.point.bound:
            actors.append(self.clockwork)
        found = []
        for actor in actors:
            info = self.infos[actor]
            info.steps = actor.steps
            found.append(info)
        return found

    def deed(self, actor: Any) -> tuple[int, bool, Any]:
        """Return its number in the actor, whether that can go on, and if it began cancelled."""
        if type(actor) is not Actor:
            return actor.steps, False, None
        cancelled = 0 <= actor.struck < actor.steps
        if cancelled:
            actor.struck = -1
        return actor.steps, actor.callback is not None, INTERRUPTION if cancelled else None

    def events_so_far(self) -> list[Any]:
        """Return the events of the run so far; always empty unless it is recorded."""
        return self.events

    def last_actor(self) -> tuple[str, int]:
        """Return the path of the actor that ran last, or ``clock``, and its count of events."""
        return self.infos[self.last].path, self.last.steps


def halt() -> None:
    """Stop the loop; queued by `Drive.abort`."""
    raise Halt
