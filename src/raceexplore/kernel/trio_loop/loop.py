"""The run loop over trio's own Runner and Task: the only file that knows trio's internals."""

from __future__ import annotations

import contextvars
import heapq
import math
import sys
from contextlib import suppress
from functools import wraps
from importlib import import_module
from inspect import CO_COROUTINE, signature
from operator import attrgetter
from queue import SimpleQueue
from types import FunctionType
from typing import TYPE_CHECKING, Any

import trio
from outcome import Error, Value, capture

from raceexplore.kernel.choice import CLOCK
from raceexplore.kernel.decisions import Decisions
from raceexplore.kernel.errors import (
    BadChoice,
    BadProgram,
    Interrupted,
    RaceExploreError,
    UnsupportedTrio,
)
from raceexplore.kernel.events.trace import Site
from raceexplore.kernel.fence.clock import VirtualClock
from raceexplore.kernel.fence.outside import outside
from raceexplore.kernel.names import TaskInfo
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.standing.walk import user_await
from raceexplore.kernel.trio_loop.deadlines import Deadlines
from raceexplore.kernel.trio_loop.inert import NOTHING, Alive, InertIO, InertSignals, Soon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import CodeType

    from raceexplore.kernel.program import Limits, Settings
    from raceexplore.kernel.scheduler import Scheduler

    Delivery = tuple[CodeType, int, list[Any]]  # of a Cancelled: the await, and the task's scopes

try:
    # as Any: trio does not promise these names, so their types promise nothing either
    trio_threads: Any = import_module("trio._threads")
    trio_run: Any = import_module("trio._core._run")
    traps: Any = import_module("trio._core._traps")
    for _name in ("_next_send_fn", "_next_send", "_abort_func", "_schedule_points", "_counter"):
        getattr(trio_run.Task, _name)
    Runner: Any = trio_run.Runner
    GLOBAL_RUN_CONTEXT = trio_run.GLOBAL_RUN_CONTEXT
    CancelShieldedCheckpoint = traps.CancelShieldedCheckpoint
    WaitTaskRescheduled = traps.WaitTaskRescheduled
    sniffio: Any = getattr(
        trio_run, "sniffio_library", None
    )  # before trio 0.23, tasks tell sniffio
    PermanentlyDetachCoroutineObject = traps.PermanentlyDetachCoroutineObject
    AsyncGenerators: Any = import_module("trio._core._asyncgens").AsyncGenerators
    TrioInstruments: Any = trio_run.Instruments
    NO_SEND = signature(Runner.reschedule).parameters["next_send"].default
    _missing = "" if hasattr(trio_threads, "start_thread_soon") else "start_thread_soon"
except (ImportError, AttributeError) as error:  # pragma: no cover - an unknown trio
    _missing = str(error)
    Runner = AsyncGenerators = TrioInstruments = NO_SEND = object

OLDEST = (0, 22, 2)
# whether a nursery always raises a group: what trio.run does unless told otherwise, since 0.25 yes
STRICT: bool = not _missing and (
    signature(trio_run.run).parameters["strict_exception_groups"].default
)
UNWIND_STEPS = 10_000
CLOCK_NUMBER = -1  # trio numbers its tasks from 0
FRAMES_ABOVE = 1 + (0 if _missing else trio_run.CONTEXT_RUN_TB_FRAMES)  # ours, in tracebacks
FOREIGN = (
    "trio.run received unrecognized yield message {!r}. Are you trying to use a library written "
    "for some other framework like asyncio? That won't work without some kind of compatibility "
    "shim."
)
SENDERS = ("_send_message_to_trio", "_run_fn_as_system_task")  # of from_thread; since 0.23, before
inline: list[Callable[..., Any]] = []  # answers from_thread, while a thread's function runs inline
# whether tasks are made as in trio 0.30 and its like; others are left to trio to make
TASK_PARTS = ["self", "parent_nursery", "coro", "runner", "name", "context", "ki_protected"]
KNOWN_TASK = (
    not _missing
    and [
        part.name
        for part in signature(trio_run.Task.__init__).parameters.values()
        if part.default is part.empty
    ]
    == TASK_PARTS
)
new_task = type.__call__  # past the guard in Python that keeps programs from making tasks
by_spawn = attrgetter("_counter")
registered_deadline = attrgetter("_registered_deadline")


def check_trio() -> None:
    """Raise `UnsupportedTrio` unless the installed trio has all that the loop needs."""
    version = tuple(int(part) for part in trio.__version__.split("+")[0].split(".")[:3])
    if _missing or version < OLDEST:
        lacks = f"; this one lacks {_missing}" if _missing else ""
        raise UnsupportedTrio(
            f"trio {trio.__version__} is not supported: 0.22.2 or newer is{lacks}"
        )


class Instruments(dict[str, Any]):
    """Trio's instruments as a real dict, not one in Python: they are asked all the time."""

    if not _missing:
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
    delivered: dict[Any, list[Delivery]]
    # the events of each task that begin with a Cancelled: their innermost scopes
    interrupted: dict[Any, dict[int, Any]]
    thread: Callable[[Any, Any], None]

    def reschedule(self, task: Any, outcome: Any = NO_SEND) -> None:
        """Do what trio's does; put cancelled tasks in order, which trio's sets do not.

        Written out because it is called twice a task: trio's makes an outcome each time.
        """
        if outcome is NO_SEND:
            outcome = NOTHING
        elif type(outcome) is Error:
            if not self.cancelled:
                self.entry_queue.chores.append((self.sort_cancelled, ()))
            self.cancelled.append(task)
            if isinstance(outcome.error, trio.Cancelled):
                self.note_delivery(task)
        assert task._runner is self
        assert task._next_send_fn is None
        task._next_send_fn, task._next_send = task.coro.send, outcome
        task._abort_func = task.custom_sleep_data = None
        self.runq.append(task)
        if "task_scheduled" in self.instruments:
            self.instruments.call("task_scheduled", task)

    def note_delivery(self, task: Any) -> None:
        """Remember where ``task`` gets a Cancelled, and the scopes of its own that may catch it."""
        scopes, status, parent = [], task._cancel_status, task._parent_nursery
        around = parent._cancel_status if parent else None
        while status is not None and status is not around:
            scopes.append(status._scope)
            status = status._parent
        innermost = task._cancel_status._scope
        self.interrupted.setdefault(task, {})[task._schedule_points + 1] = innermost
        delivery = *user_await(task.coro), scopes
        before = self.delivered.setdefault(task, [])
        if before and is_caught(before[-1]):
            before[-1] = delivery
        else:
            before.append(delivery)

    def sort_cancelled(self) -> None:
        """Give the tasks that one event has cancelled their places in the order of spawning."""
        queue, tasks = self.runq, frozenset(self.cancelled)
        places = [i for i, task in enumerate(queue) if task in tasks]
        in_order = sorted((queue[i] for i in places), key=by_spawn)
        for i, task in zip(places, in_order, strict=True):
            queue[i] = task
        self.cancelled.clear()

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
            trio_run.Task,
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


async def small_init(loop: Loop, program: Callable[..., Any], args: Sequence[Any]) -> None:
    """Run the main task: one nursery instead of trio's three, which time every short run."""
    runner, soon = loop.runner, loop.soon
    nursery = runner.system_nursery = open_by_hand(runner)
    try:
        runner.main_task = runner.spawn_impl(program, args, nursery, None)
    except BaseException as error:
        runner.main_task_outcome = Error(error)
    failed = nursery.cancel_scope._close(await nursery._nested_child_finished(None))
    if failed is not None:
        raise failed
    # the system nursery is closed: what is left to do is to close async generators, in order
    run_jobs(soon, strict=runner.strict_exception_groups)
    generators = runner.asyncgens
    while generators.alive.items or generators.trailing_needs_finalize:
        batch = [*generators.alive, *generators.trailing_needs_finalize]
        generators.trailing_needs_finalize.clear()
        generators.alive = Alive()
        for generator in batch:
            await generators._finalize_one(generator, generator.__qualname__)
        run_jobs(soon, strict=runner.strict_exception_groups)
    # a corrupted nursery may have left tasks behind: trio gives them a few passes, too
    while len(runner.tasks) > 1 and (loop.ready or loop.later):
        await trio.lowlevel.cancel_shielded_checkpoint()
    soon.done = True
    run_jobs(soon, strict=runner.strict_exception_groups)


def open_by_hand(runner: Any) -> Any:
    """Open the system nursery as ``async with trio.open_nursery()`` does, at a third of the cost.

    Its scope has no deadline and no parent, so that entering it comes down to these lines.
    """
    scope, task = trio.CancelScope(), runner.init_task
    scope._has_been_entered = True
    scope._cancel_status = trio_run.CancelStatus(scope=scope)
    task._activate_cancel_status(scope._cancel_status)
    return trio_run.Nursery._create(task, scope, runner.strict_exception_groups)


async def courier(loop: Loop) -> None:
    """Run what the program has given to run_sync_soon; as a system task, as trio does."""
    runner, soon = loop.runner, loop.soon
    children = runner.system_nursery._children
    # the end of the system nursery cancels it, but others there may still need it
    with trio.CancelScope(shield=True):
        while soon.size() and (len(children) > 1 or runner.main_task_outcome is None):
            try:
                run_jobs(soon, strict=runner.strict_exception_groups)
            except BaseException as error:
                runner.spawn_system_task(crash, error)
            if soon.size():
                await trio.lowlevel.checkpoint()
    soon.busy = False


def run_jobs(soon: Soon, *, strict: bool) -> None:
    """Run what has been given to run_sync_soon up to now; raise as a nursery what has failed."""
    if not soon.size():
        return
    outcomes = [capture(sync_fn, *args) for sync_fn, args in soon.take()]
    errors = [outcome.error for outcome in outcomes if isinstance(outcome, Error)]
    if errors:
        alone = len(errors) == 1 and not strict
        raise errors[0] if alone else BaseExceptionGroup("run_sync_soon", errors)


def is_caught(delivery: Delivery) -> bool:
    """Return whether one of the scopes that ``delivery`` could come to has caught it."""
    return any(scope.cancelled_caught for scope in delivery[2])


def cancel_for_deadline(scope: Any) -> None:
    """Cancel ``scope``, and tell the reason where this trio records reasons."""
    if hasattr(trio_run, "CancelReason"):
        scope._cancel(trio_run.CancelReason(source="deadline"))
    else:
        scope.cancel()


def scopes_of(task: Any) -> list[Any]:
    """Return the cancel scopes that ``task`` is in, innermost first."""
    found, status = [], task._cancel_status
    while status is not None:
        found.append(status._scope)
        status = status._parent
    return found


def cancelled_of(scopes: Iterable[Any]) -> list[Any]:
    """Return those of ``scopes`` that have been cancelled, without looking at their deadlines."""
    return [scope for scope in scopes if scope._cancel_called]


def strip(error: BaseException) -> BaseException:
    """Return ``error`` with a traceback that starts in the task's own code."""
    tb = error.__traceback__
    for _ in range(FRAMES_ABOVE):
        tb = tb and tb.tb_next
    return error.with_traceback(tb)


async def crash(error: BaseException) -> None:
    """Fail as a system task, which is what trio makes of a crash in run_sync_soon."""
    raise error


def tell(instruments: Any, hook: str, *args: Any) -> None:
    """Call the instruments that listen to ``hook``."""
    if hook in instruments:
        instruments.call(hook, *args)


def halt() -> None:
    """Stop the loop; queued by `Loop.abort`."""
    raise Halt


def adapt() -> None:
    """Make the parts of trio that are not the run loop's do in a run what a run needs of them."""
    if not getattr(trio_threads.start_thread_soon, "inline", False):
        inline_threads()
        wake_in_order()


def wake_in_order() -> None:
    """Make an event wake its waiters in the order of spawning: trio's set is in no order."""
    real = trio.Event.set

    @wraps(real)
    def set_event(event: Any) -> None:
        if len(event._tasks) > 1:
            event._tasks = dict.fromkeys(sorted(event._tasks, key=by_spawn))
        real(event)

    trio.Event.set = set_event  # type: ignore[assignment, method-assign]


def inline_threads() -> None:
    """Make ``to_thread.run_sync`` call its function inline, between two schedule points."""
    real = trio_threads.start_thread_soon

    def start(fn: Any, deliver: Any, *args: Any, **kwargs: Any) -> None:
        runner = getattr(GLOBAL_RUN_CONTEXT, "runner", None)
        if isinstance(runner, ControlledRunner):
            runner.thread(fn, deliver)
        else:
            real(fn, deliver, *args, **kwargs)

    start.inline = True  # type: ignore[attr-defined]
    trio_threads.start_thread_soon = start
    sender = next(name for name in SENDERS if hasattr(trio_threads, name))
    send = getattr(trio_threads, sender)

    def from_thread(*args: Any, **kwargs: Any) -> Any:
        return inline[-1](send, *args, **kwargs) if inline else send(*args, **kwargs)

    setattr(trio_threads, sender, from_thread)


class Halt(BaseException):
    """Ends the loop from within; never seen by the program."""


class Clockwork:
    """The pseudo-task that fires deadlines; counts them as a task counts its events."""

    __slots__ = ("_counter", "_schedule_points", "info")

    def __init__(self) -> None:
        self._counter, self._schedule_points = CLOCK_NUMBER, 0
        self.info = TaskInfo(None, CLOCK, -1)


class Loop:
    """One run: trio's runner, the ready queue, and the log of non-neutral decisions.

    verdict: why the loop stopped before the program did: ``deadlock``, ``steps``, ``virtual_s``,
        or an exception that must escape. after: called after each event with the task and the
        tasks that the event made ready.
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
        passes = settings.order == "passes"
        self.later: list[Any] = [] if passes else self.ready
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
        runner.cancelled, runner.delivered, runner.thread = [], {}, self.thread
        runner.interrupted = {}
        runner.infos = {self.clockwork: self.clockwork.info}
        runner.names = {CLOCK_NUMBER: self.clockwork.info}
        self.soon.hire = self.hire_courier
        self.decisions = Decisions(self, scheduler)
        self.kept: Any = None  # who could go on when the clock fired
        self.verdict: str | BaseException = ""
        self.crashed: BaseException | None = None
        self.unwinding = False
        self.events: list[Any] = []
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
        if self.runner.tasks:
            self.stopped(sorted(self.runner.tasks, key=by_spawn))
            self.unwind()

    def drive_to_the_limit(self) -> None:
        """Drive, and tell a livelock from a long run if the limit of steps is reached."""
        half = self.limits.steps // 2
        self.drive(half)
        if self.verdict == "steps":
            self.verdict, before = "", self.progress()
            self.drive(self.limits.steps - half)
            if self.verdict == "steps" and self.progress() == before:
                self.verdict = "livelock"

    def progress(self) -> tuple[float, int, int]:
        """Return what changes while a run gets anywhere: time, tasks spawned, tasks alive."""
        return self.clock.current_time(), len(self.runner.infos), len(self.runner.tasks)

    def drive(self, limit: int) -> None:
        """Step tasks until none is left, ``limit`` steps are done or the verdict is reached."""
        runner, ready, later, chores = self.runner, self.ready, self.later, self.soon.chores
        decisions, after = self.decisions, self.after
        context = GLOBAL_RUN_CONTEXT.__dict__  # of this thread; faster than its attributes
        point, choose, log = decisions.point, decisions.scheduler.choose, decisions.log
        fair_after, elastic = self.settings.fair_after, self.settings.time == "elastic"
        passes, instruments = ready is not later, runner.instruments
        watchers, extra = instruments["_all"], passes or after is not None
        current, stepped, last, streak = self.kept, None, self.last, 0
        for _ in range(limit):
            # who goes on: option 0 is the task that ran last, else the one that waits longest
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
                if elastic and self.deadlines.next_deadline() != math.inf:
                    bound += 1
                if bound == 1:
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
        self.verdict, self.kept = "steps", current

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

    def thread(self, function: Callable[[], Any], deliver: Callable[[Any], object]) -> None:
        """Call ``function`` as a thread would, outside of trio, and deliver the outcome."""
        context = GLOBAL_RUN_CONTEXT.__dict__
        inside = dict(context)
        context.clear()

        def from_thread(send: Any, *args: Any, **kwargs: Any) -> Any:
            context.update(inside)
            try:
                return self.call_from_thread(*args, **kwargs)
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
        self.soon.direct = True
        try:
            deliver(outcome)
        finally:
            self.soon.direct = False

    def call_from_thread(self, *args: Any, **kwargs: Any) -> Any:
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
            self.abort(error)
            raise error
        return queue.get_nowait().unwrap()

    def abort(self, verdict: str | BaseException) -> None:
        """End the run before its next event, because of ``verdict``; the first one counts."""
        self.verdict = self.verdict or verdict
        self.soon.chores.insert(0, (halt, ()))

    def finish(self, task: Any, final: Any) -> None:
        """Tell trio that ``task`` has ended; the end of the main task ends the system tasks."""
        runner = self.runner
        if type(final) is Error:
            self.ended_by = type(final.error).__name__
            self.raised = final.error if self.after is not None else None
        if task in runner.delivered:
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
        deliveries = runner.delivered.pop(task)
        system = task._parent_nursery is runner.system_nursery and task is not runner.main_task
        if self.swallowed is None or self.unwinding or system or type(final) is Error:
            return
        for delivery in deliveries:
            if not is_caught(delivery):
                code, line, _ = delivery
                self.swallowed(task, Site(code.co_filename, line, code.co_qualname))
                return

    def throw_foreign(self, task: Any, message: object) -> None:
        """Answer a yield that is not trio's as trio does: with a TypeError in the task."""
        if self.foreign is not None:
            self.foreign(message)
        task._next_send_fn, task._next_send = task.coro.throw, TypeError(FOREIGN.format(message))

    def unwind(self) -> None:
        """Cancel whatever is still alive and let it end, on the quiet day; drop the rest."""
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
        begun = self.runner.interrupted.get(task)
        return nth, task._next_send_fn is not None, begun and begun.get(nth)

    def events_so_far(self) -> list[Any]:
        """Return the events of the run so far; always empty unless it is recorded."""
        return self.events

    def last_actor(self) -> tuple[str, int]:
        """Return the path of the task that ran last, or ``clock``, and its count of events."""
        last = self.last
        info = last.info if last is self.clockwork else self.runner.infos[last]
        return info.path, last._schedule_points
