"""The run loop: steps trio's own tasks, one at a time, in the order that a scheduler chooses."""

from __future__ import annotations

import contextvars
import heapq
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import trio
from outcome import Error, Value

from raceexplore.kernel.choice import CLOCK
from raceexplore.kernel.decisions import Decisions
from raceexplore.kernel.errors import BadChoice, BadProgram, Interrupted, RaceExploreError
from raceexplore.kernel.events.trace import Site
from raceexplore.kernel.fence.clock import VirtualClock
from raceexplore.kernel.names import TaskInfo
from raceexplore.kernel.scheduler import Replay, Turns
from raceexplore.kernel.standing.endless import Standings
from raceexplore.kernel.standing.pace import Pace
from raceexplore.kernel.trio_loop.cancellations import (
    Deliveries,
    cancel_for_deadline,
    joins,
    scopes_of,
)
from raceexplore.kernel.trio_loop.compat import (
    GLOBAL_RUN_CONTEXT,
    STRICT,
    CancelShieldedCheckpoint,
    PermanentlyDetachCoroutineObject,
    WaitTaskRescheduled,
    by_spawn,
    registered_deadline,
    sniffio,
    strip,
)
from raceexplore.kernel.trio_loop.deadlines import Deadlines
from raceexplore.kernel.trio_loop.inert import NOTHING, Alive, InertIO, InertSignals, Soon
from raceexplore.kernel.trio_loop.patches import call_inline
from raceexplore.kernel.trio_loop.runner import (
    ControlledRunner,
    Instruments,
    LateGenerators,
    tell,
)
from raceexplore.kernel.trio_loop.system_tasks import courier, small_init

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.program import Limits, Settings
    from raceexplore.kernel.scheduler import Scheduler

UNWIND_STEPS = 10_000
CLOCK_NUMBER = -1  # trio numbers its tasks from 0
FOREIGN = (
    "trio.run received unrecognized yield message {!r}. Are you trying to use a library written "
    "for some other framework like asyncio? That won't work without some kind of compatibility "
    "shim."
)


def both(
    first: Callable[[Any, Sequence[Any]], None], second: Callable[[Any, Sequence[Any]], None]
) -> Callable[[Any, Sequence[Any]], None]:
    """Return a function that calls both."""

    def after(task: Any, woken: Sequence[Any]) -> None:
        first(task, woken)
        second(task, woken)

    return after


def halt() -> None:
    """Stop the loop; queued by `Loop.abort`."""
    raise Halt


class Halt(BaseException):
    """Ends the loop from within; never seen by the program."""


class Clockwork:
    """The pseudo-task that fires deadlines; counts them as a task counts its events."""

    __slots__ = ("_counter", "_schedule_points", "info")

    def __init__(self) -> None:
        self._counter, self._schedule_points = CLOCK_NUMBER, 0
        self.info = TaskInfo(None, CLOCK, -1)


# The states of a run, and what holds between two events. tests/kernel/trio_loop/test_loop.py looks
# after every event, on both orders, that all of it does.
#
# `ready`: the tasks that can go on, oldest first. `later`: those that this pass has made ready; the
# same list unless order="passes". Trio's own code appends to it, as to its run queue (`runq`).
# `last`: who acted last, the clock too. A deviation is pinned to it and to its count of events, so
# it changes whenever something has acted, and never otherwise.
#
# Within `drive`, as locals because they are looked at in each step:
# `current`: `last`, as long as it can go on. It stands in neither list: option 0 is free of cost.
#     After the clock has fired, `current` is who could go on before (`kept`): firing preempts
#     nobody, and time may pass several times under the same task.
# `base`: `current` is option 0, so every other option preempts it. False where nobody can go on, or
#     where `current` has had its turn (fair_after) and queues up behind the others.
# `streak`: how often `current` was chosen although others could go on. It starts anew with another
#     task, and is counted at choice points only: alone, a task may go on for as long as it likes.
# `stepped`: whose name stands in trio's context. None after anything ran outside of tasks (a chore,
#     the clock), since that takes the name out.
# `extra`: somebody looks after each event (`after`, or passes): else a checkpoint costs no call.
#
# An invariant: of each living task exactly one of these holds: it is `current`; it is in `ready`
# or `later`, once; it is blocked, and has no `_next_send_fn`.
# Why a task may leave `later` by `later.remove(task)`: a task that is cancelled as it blocks has
# been appended by trio's reschedule in this very step, and can go on at once; so it becomes
# `current`, as after a checkpoint, and must not stand in the list as well.
# Why chores come first: what they do belongs to the event before (a deadline in the past, a call to
# run_sync_soon), and who can go on is known only when they are done.


GRAVES: list[Any] = []  # coroutines that are never to go on, nor to be closed


class Loop:
    """One run: trio's runner, the ready queue, and the log of non-neutral decisions.

    verdict: why the loop stopped before the program did: ``deadlock``, ``steps``, ``virtual_s``,
        or an exception that must escape. after: called after each event with the task and the
        tasks that the event made ready. endings: the errors that ended tasks, in order of time.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        settings: Settings,
        limits: Limits,
        clock: Any = None,
        instruments: Sequence[Any] = (),
        strict: bool = STRICT,
    ) -> None:
        self.settings, self.limits = settings, limits
        self.clock = VirtualClock() if clock is None else clock
        self.soon = Soon()
        self.clockwork = self.last = Clockwork()
        self.deadlines = Deadlines(self.clock, self.soon, registered_deadline, self.fire)
        self.ready: list[Any] = []
        self.later: list[Any] = [] if settings.order == "passes" else self.ready
        self.runner = runner = ControlledRunner(
            clock=self.clock,
            instruments=Instruments(instruments),
            io_manager=InertIO(self.abort),
            ki_manager=InertSignals(),
            system_context=contextvars.copy_context(),
            strict_exception_groups=strict,
            entry_queue=self.soon,
            deadlines=self.deadlines,
            runq=self.later,
            waiting_for_idle={},
            asyncgens=LateGenerators(alive=Alive()),
        )
        runner.cancelled, runner.deliveries, runner.thread = [], Deliveries(), self.thread
        runner.infos = {self.clockwork: self.clockwork.info}
        runner.names = {CLOCK_NUMBER: self.clockwork.info}
        self.soon.hire = self.hire_courier
        self.decisions = Decisions(self, scheduler)
        self.kept: Any = None  # who could go on when the clock fired
        self.fair_after, self.streak = settings.fair_after, 0  # see `drive`
        self.blocked, self.lasting = 0, frozenset[str]()  # see `Judged`
        self.verdict: str | BaseException = ""
        self.crashed: BaseException | None = None
        self.unwinding = self.buried = False
        self.events, self.endings = list[Any](), list[BaseException]()
        self.fired: Callable[[], object] = bool
        self.steps, self.ended_s = 0, 0.0
        self.ended_by = ""  # the type of the exception that ended a task in the last event
        self.raised: BaseException | None = None  # that exception
        self.after: Callable[[Any, Sequence[Any]], None] | None = None
        self.foreign: Callable[[object], None] | None = None
        self.stopped: Callable[[list[Any]], object] = list
        self.swallowed: Callable[[Any, Site], object] | None = None

    def run(self, program: Callable[..., Any], args: Sequence[Any] = ()) -> None:
        """Run ``program`` until it ends or the verdict is reached; then wind up what is left."""
        runner = self.runner
        if hasattr(GLOBAL_RUN_CONTEXT, "runner"):
            raise BadProgram("a run cannot be started from inside a run: call it from a script")
        runner.asyncgens.install_hooks(runner)
        GLOBAL_RUN_CONTEXT.runner = runner
        before = sniffio and sniffio.name
        try:
            if sniffio is not None:
                sniffio.name = "trio"
            tell(runner.instruments, "before_run")
            runner.clock.start_clock()
            runner.init_task = runner.spawn_impl(
                small_init, (self, program, args), None, "<init>", system_task=True
            )
            self.drive_to_the_end()
        finally:
            if sniffio is not None:
                sniffio.name = before
            GLOBAL_RUN_CONTEXT.__dict__.pop("task", None)
            runner.close()
            GLOBAL_RUN_CONTEXT.__dict__.clear()
            if self.crashed is not None:
                runner.main_task_outcome = Error(self.crashed)

    def let_go(self) -> None:
        """Cut the ended run's objects loose from one another, so that they are freed at once.

        As garbage they would wait for a collection, which takes longer than a short run does, and
        the next run would have to start in memory that no cache holds.
        """
        runner = self.runner
        runner.main_task = runner.init_task = runner.system_nursery = runner.io_manager = None
        runner.__dict__.clear()
        self.soon.done = True
        del self.soon.hire, self.deadlines.cancel
        self.fired = bool
        self.foreign = self.swallowed = self.after = self.raised = None
        self.endings = []
        self.stopped = list
        self.decisions.let_go()

    def drive_to_the_end(self) -> None:
        """Drive; once the verdict is reached, wind up what is left."""
        try:
            self.drive_to_the_limit()
        except Halt:
            pass
        except BaseException as error:
            self.verdict = error
        self.ended_s = self.clock.current_time()
        self.steps = self.count_steps()
        if self.buried:
            GRAVES.extend(task.coro for task in self.runner.tasks)
        elif self.runner.tasks:
            self.stopped(sorted(self.runner.tasks, key=by_spawn))
            self.unwind()

    def drive_to_the_limit(self) -> None:
        """Drive at most as many events as the limits allow: see `Pace`."""
        pace = Pace(self, self.limits.steps)
        pace.drive()
        infos = self.runner.infos
        self.lasting = frozenset(infos[task].path for task in pace.movers)

    def drive_fairly(self, limit: int) -> None:
        """Do ``limit`` events by the quiet day, each task in turn, whoever would be chosen."""
        decisions, chooses = self.decisions, self.decisions.scheduler
        decisions.scheduler, self.fair_after = Turns(chooses), 1
        try:
            self.drive(limit)
        finally:
            decisions.scheduler, self.fair_after = chooses, self.settings.fair_after

    def drive_watched(self, limit: int, after: Callable[[Any, Sequence[Any]], None]) -> None:
        """Do ``limit`` events fairly, and call ``after`` with each task and whom it has woken."""
        known = self.after
        self.after = after if known is None else both(known, after)
        try:
            self.drive_fairly(limit)
        finally:
            self.after = known

    def fire_next(self) -> bool:
        """Let time pass until the earliest deadline although tasks can run; False without one."""
        deadline = self.deadlines.next_deadline()
        if deadline == math.inf or deadline > self.limits.virtual_s:
            return False
        self.pass_until(deadline)
        self.deadlines.expire(deadline)
        return True

    def pass_until(self, time_s: float) -> None:
        """Let time pass although tasks can run; no deadline comes before its end."""
        self.clockwork._schedule_points += 1
        self.clock.jump_to(time_s)
        self.fired()

    def standing(self) -> Standings:
        """Return where the tasks are."""
        tasks = self.runner.tasks
        return Standings({task: task._schedule_points for task in tasks}, len(self.runner.infos))

    def able(self) -> Sequence[Any]:
        """Return the tasks that can go on."""
        return [task for task in self.runner.tasks if task._next_send_fn is not None]

    def waiting_on(self, tasks: set[Any]) -> list[Any]:
        """Return the program's tasks but for ``tasks`` if the main task is one of them."""
        main = self.runner.main_task
        if main in tasks or main not in self.runner.tasks:
            return []
        infos = self.runner.infos
        return [t for t in self.runner.tasks if infos[t].serial and t not in tasks]

    def scopes(self, task: Any) -> list[Any]:
        """Return the cancel scopes that ``task`` is in."""
        return scopes_of(task)

    def drawn(self) -> int:
        """Return how many draws there have been."""
        return sum(self.decisions.draws.values())

    def progress(self) -> tuple[float, int, int]:
        """Return what changes while a run gets anywhere: time, tasks spawned, tasks alive."""
        return self.clock.current_time(), len(self.runner.infos), len(self.runner.tasks)

    def drive(self, limit: int) -> None:
        """Step tasks until none is left, ``limit`` steps are done or the verdict is reached."""
        runner, ready, later, chores = self.runner, self.ready, self.later, self.soon.chores
        decisions, after = self.decisions, self.after
        context = GLOBAL_RUN_CONTEXT.__dict__  # of this thread; faster than its attributes
        point, choose, log = decisions.point, decisions.scheduler.choose, decisions.log
        fair_after, elastic = self.fair_after, self.settings.time == "elastic"
        passes, instruments = ready is not later, runner.instruments
        watchers, extra = instruments["_all"], passes or after is not None
        current, stepped, last, streak = self.kept, None, self.last, self.streak
        self.kept = None
        for _ in range(limit):
            # who goes on: option 0 is the task that ran last, else the one that waits longest;
            # round again if not a task but the clock acts, since then others may be ready
            while True:
                if chores:
                    self.do_chores()
                    stepped, after = None, self.after  # the first invariant sets it
                    extra = passes or after is not None
                if current is not None:
                    base = True
                    if streak >= fair_after and ready:
                        ready.append(current)
                        current, base = None, False
                elif ready:
                    base = False
                elif passes and later:
                    ready += later
                    later.clear()
                    base = False
                elif self.idle():
                    self.last = last = self.clockwork
                    stepped = None
                    continue
                else:
                    return
                bound = len(ready) + base
                # the clock is the last option, so that its coming changes nobody else's index
                if elastic and self.deadlines.next_deadline() != math.inf:
                    bound += 1
                if bound == 1:  # no choice: no question
                    task = current or ready.pop()
                    break
                point.bound = bound
                point.continues = base
                index = choose(point)
                if index == 0:
                    streak += base
                    task = current or ready.pop(0)
                    break
                if not 0 < index < bound:
                    raise BadChoice(decisions.complaint(index))
                index -= base
                if elastic and index == len(ready):
                    log.append((last._counter, last._schedule_points, CLOCK_NUMBER, False))
                    self.last, self.kept = self.clockwork, current
                    last, stepped = self.clockwork, None
                    self.fire_one()
                    continue
                task = ready.pop(index)
                log.append((last._counter, last._schedule_points, task._counter, base))
                if base:
                    ready.append(current)
                break

            if task is not stepped:
                context["task"] = self.last = stepped = task
                if task is not last:
                    streak = 0
            last = current = task
            if watchers:
                tell(instruments, "before_task_step", task)
                if self.buried:
                    return
            send, value = task._next_send_fn, task._next_send
            task._next_send_fn = task._next_send = None
            final: Any = None
            task._schedule_points += 1
            if extra:
                woken = len(later)
            try:
                message = task.context.run(send, value)
            except StopIteration as stop:
                # what other tasks return goes to nobody
                final = Value(stop.value) if task is runner.main_task else NOTHING
            except BaseException as error:
                final = Error(strip(error))
            else:
                if message is CancelShieldedCheckpoint:
                    # a bound method is an object: make one for many checkpoints, not one each
                    task._next_send_fn = send if value is NOTHING else task.coro.send
                    task._next_send = NOTHING
                    if not (extra or watchers):
                        continue
                    tell(instruments, "task_scheduled", task)
                elif type(message) is WaitTaskRescheduled:
                    task._cancel_points += 1
                    task._abort_func = message.abort_func
                    try:
                        task._attempt_delivery_of_any_pending_cancel()
                    except BaseException as error:
                        self.crash(error)
                    if task._next_send_fn is None:
                        current = None
                        if task not in {runner.main_task, runner.init_task} or not joins(task):
                            self.blocked += 1
                    else:  # cancelled at once: it can go on, as after a checkpoint
                        later.remove(task)
                elif type(message) is PermanentlyDetachCoroutineObject:
                    final = message.final_outcome
                else:
                    self.throw_foreign(task, message)
                message = None
            if final is not None:
                current = None
                self.finish(task, final)
            if extra or watchers:
                tell(instruments, "after_task_step", task)
                if after is not None:
                    if chores:
                        self.do_own_chores(task)
                    after(task, later[woken:])
                if passes and current is not None:
                    later.append(current)
                    current = None
        self.verdict, self.kept, self.streak = "steps", current, streak

    def idle(self) -> bool:
        """Let time pass while nobody can run; False if there is nothing to wait for."""
        runner, clock, waiting = self.runner, self.clock, self.runner.waiting_for_idle
        if not runner.tasks:
            return False
        self.clockwork._schedule_points += 1
        deadline = self.deadlines.next_deadline()
        if waiting:
            cushion = min(key[0] for key in waiting)
            if clock.current_time() + cushion < deadline:
                clock.jump_to(clock.current_time() + cushion)
                keys = [key for key in waiting if key[0] == cushion]
                for task in sorted([waiting.pop(key) for key in keys], key=by_spawn):
                    runner.reschedule(task)
                self.fired()
                return True
        if deadline == math.inf or deadline > self.limits.virtual_s:
            self.verdict = "deadlock" if deadline == math.inf else "virtual_s"
            return False
        clock.jump_to(deadline)
        self.deadlines.expire(deadline)
        self.fired()
        return True

    def fire_one(self) -> None:
        """Elastic time: fire one of the earliest deadlines although tasks can run."""
        deadlines = self.deadlines
        self.clockwork._schedule_points += 1
        first = deadlines.next_deadline()
        ties = deadlines.pop_ties(first)
        chosen = ties.pop(self.decisions.pick("data", "tie", len(ties)))
        for entry in ties:
            heapq.heappush(deadlines.heap, entry)
        self.clock.jump_to(first)
        deadlines.fire(chosen)
        self.fired()

    def do_chores(self) -> None:
        """Do what waits to be done between two events, outside every task."""
        chores, context = self.soon.chores, GLOBAL_RUN_CONTEXT.__dict__
        context.pop("task", None)
        while chores:
            function, args = chores.pop(0)
            function(*args)

    def do_own_chores(self, task: Any) -> None:
        """Do those chores at once that are the doing of the event of ``task``, which has ended.

        It has put deadlines into the past, or called run_sync_soon.
        """
        own = self.deadlines.expire, self.hire_courier
        due = [chore for chore in self.soon.chores if chore[0] in own]
        if due:
            context = GLOBAL_RUN_CONTEXT.__dict__
            context.pop("task", None)
            for chore in due:
                self.soon.chores.remove(chore)
                chore[0](*chore[1])
            context["task"] = task

    def follow(self, after: Callable[[Any, Sequence[Any]], None]) -> None:
        """Call ``after`` after the present event, and every one from now on."""
        if self.after is None:
            self.after = after
            self.soon.chores.append((self.catch_up, ()))

    def catch_up(self) -> None:
        """Do what `follow` promised for the event in which it was called."""
        context = GLOBAL_RUN_CONTEXT.__dict__
        context["task"] = self.last
        if self.after is not None:
            self.after(self.last, ())
        context.pop("task", None)

    def hire_courier(self) -> None:
        """Have a system task run what the program has given to run_sync_soon."""
        try:
            self.runner.spawn_system_task(courier, self, name="run_sync_soon")
        except RuntimeError:  # it is too late for that: small_init does it
            self.soon.busy = False

    def fire(self, scope: Any) -> None:
        """Cancel ``scope`` because its deadline has passed."""
        GLOBAL_RUN_CONTEXT.__dict__.pop("task", None)
        try:
            cancel_for_deadline(scope)
        except BaseException as error:
            self.crash(error)

    def crash(self, error: BaseException) -> None:
        """End the run as trio does when code that it calls, of a task or not, fails in its hands.

        Raises `Halt`, and what is not for the program to catch as it is.
        """
        if isinstance(error, (Halt, Interrupted, RaceExploreError)):
            raise error
        if not self.unwinding:
            self.crashed = trio.TrioInternalError("internal error in Trio - please file a bug!")
            self.crashed.__cause__ = error
        raise Halt from None

    def abort(self, verdict: str | BaseException) -> None:
        """End the run before its next event, because of ``verdict``; the first one counts."""
        self.verdict = self.verdict or verdict
        self.soon.chores.insert(0, (halt, ()))

    def bury(self) -> None:
        """End the run without the event that is about to begin; let nothing of it be wound up.

        The verdict is there already. What is left might end the process, too, in a ``finally``.
        """
        self.buried = True

    def finish(self, task: Any, final: Any) -> None:
        """Tell trio that ``task`` has ended; the end of the main task ends the system tasks."""
        runner = self.runner
        if type(final) is Error:
            self.ended_by = type(final.error).__name__
            if not self.unwinding and type(final.error) is not trio.Cancelled:
                self.endings.append(final.error)
            self.raised = final.error if self.after is not None else None
        if task in runner.deliveries.by_task:
            self.look_for_swallowed(task, final)
        try:
            runner.task_exited(task, final)
        except BaseException as error:
            self.crash(error)
        if task is runner.main_task and runner.system_nursery._children:
            runner.system_nursery.cancel_scope.cancel()

    def look_for_swallowed(self, task: Any, final: Any) -> None:
        """Tell of the first Cancelled that ``task`` got and that came to no scope, if it ends well.

        System tasks may end as they like when they are cancelled; so may detached coroutines.
        """
        runner = self.runner
        site = runner.deliveries.end(task)
        system = task._parent_nursery is runner.system_nursery and task is not runner.main_task
        well = type(final) is not Error and not self.unwinding and not system
        if site is not None and self.swallowed is not None and well:
            self.swallowed(task, site)

    def thread(self, function: Callable[[], Any], deliver: Callable[[Any], object]) -> None:
        """Call ``function`` as a thread would, outside of trio, and deliver the outcome."""
        call_inline(self, function, deliver)

    def throw_foreign(self, task: Any, message: object) -> None:
        """Answer a yield that is not trio's as trio does: with a TypeError in the task."""
        if self.foreign is not None:
            self.foreign(message)
        task._next_send_fn, task._next_send = task.coro.throw, TypeError(FOREIGN.format(message))

    def unwind(self) -> None:
        """Cancel whatever is still alive and let it end, on the default schedule; drop the rest."""
        runner, verdict = self.runner, self.verdict
        self.decisions.scheduler, self.after, self.unwinding = Replay(), None, True
        self.soon.chores.clear()
        self.kept = None
        queued = {*self.ready, *self.later}  # one may be in neither: it was about to go on
        left = [t for t in runner.tasks if t._next_send_fn and t not in queued]
        self.ready += sorted(left, key=by_spawn)
        with suppress(BaseException):  # the verdict stands; this is only cleaning up
            if runner.system_nursery is not None:
                runner.system_nursery.cancel_scope.cancel()
            self.drive(UNWIND_STEPS)
        for task in sorted(runner.tasks, key=by_spawn):
            for nursery in task._child_nurseries:
                nursery._children.clear()
            with suppress(BaseException):
                task.coro.close()
        self.verdict = verdict

    def count_steps(self) -> int:
        """Return the number of events that the program's tasks have done; note each task's."""
        total = 0
        for task, info in self.runner.infos.items():
            info.steps = task._schedule_points
            if info.serial > 0:  # neither the clock nor trio's init task
                total += info.steps
        return total

    def alive(self, task: Any) -> list[Any]:
        """Return the tasks that can go on, now that ``task`` has done its event."""
        return [t for t in (task, *self.ready, *self.later) if t._next_send_fn is not None]

    def option_tasks(self) -> list[TaskInfo]:
        """Return the task behind each option of the current choice point."""
        infos = self.runner.infos
        tasks = self.ready
        if self.decisions.point.continues:
            tasks = [self.kept if self.last is self.clockwork else self.last, *tasks]
        if len(tasks) < self.decisions.point.bound:
            tasks = [*tasks, self.clockwork]
        found = []
        for task in tasks:
            info = infos[task]
            info.steps = task._schedule_points
            found.append(info)
        return found

    def deed(self, task: Any) -> tuple[int, bool, Any]:
        """Return what is to be told of the event that ``task`` has just done.

        Its number in the task, whether the task can go on, and the innermost scope of the Cancelled
        that it began with, or None.
        """
        nth = task._schedule_points
        begun = self.runner.deliveries.interrupted.get(task)
        return nth, task._next_send_fn is not None, begun and begun.get(nth)

    def events_so_far(self) -> list[Any]:
        """Return the events of the run so far; always empty unless it is recorded."""
        return self.events

    def last_actor(self) -> tuple[str, int]:
        """Return the path of the task that ran last, or ``clock``, and its count of events."""
        last = self.last
        info = last.info if last is self.clockwork else self.runner.infos[last]
        return info.path, last._schedule_points
