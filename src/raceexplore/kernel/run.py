"""run_once: one program, one scheduler, one run."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from raceexplore.kernel import guard
from raceexplore.kernel._trio import (
    Loop,
    check_trio,
    inline_threads,
    is_cancelled,
    scopes_of,
)
from raceexplore.kernel.causes import Step
from raceexplore.kernel.errors import Interrupted, OutsideWorld, RaceExploreError, Stuck
from raceexplore.kernel.outcome import Failure, Run, from_exception, leaves, shorten
from raceexplore.kernel.program import Limits, Settings, as_program
from raceexplore.kernel.record import Recorder
from raceexplore.kernel.trace import NOWHERE, digest
from raceexplore.kernel.waits import NURSERY, Wait, cycle, describe, waits
from raceexplore.kernel.walk import site_of
from raceexplore.kernel.watchdog import STUCK, watchdog
from raceexplore.kernel.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.program import Program
    from raceexplore.kernel.record import Ledger
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.kernel.trace import Event

_current: list[World] = []
_ready: list[bool] = []


def world() -> World:
    """Return the world of the run in progress. Raises `RuntimeError` outside a run."""
    if not _current:
        raise RuntimeError("raceexplore.world() is only there inside a run")
    return _current[-1]


class InvariantBroken(Exception):
    """A predicate given to `World.always` was false after an event."""


class _Execution:
    """The run in progress, as the guard and the world see it."""

    def __init__(self, loop: Loop, entropy: int, recorder: Recorder | None) -> None:
        self.loop, self.entropy, self.recorder = loop, entropy, recorder
        self.world = World(self, recorder)
        self.pick = loop.decisions.pick
        self.failure: Failure | None = None
        self.warnings: dict[str, None] = {}
        self.waits: list[Wait] = []
        self.leaked = False
        self.watch: Callable[[Event, Any], object] | None = None

    def now(self) -> float:
        """Return the virtual time, in seconds."""
        return self.loop.clock.current_time()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass without a schedule point."""
        clock = self.loop.clock
        clock.jump_to(clock.current_time() + seconds)
        self.loop.soon.run_sync_soon(self.loop.deadlines.expire, clock.current_time())

    def refuse(self, error: OutsideWorld) -> None:
        """End the run with ``error``."""
        self.loop.abort(error)

    def unraisable(self, error: BaseException, where: str) -> None:
        """Fail with an error that Python could only have printed."""
        if not (self.loop.unwinding or isinstance(error, Warning)):
            self.fail(from_exception(error, "unraisable error"))

    def warn(self, text: str) -> None:
        """Note something that the reader should know once."""
        self.warnings[text] = None

    def foreign(self, message: object) -> None:
        """Refuse what only asyncio yields."""
        if message is None or hasattr(message, "_asyncio_future_blocking"):
            task: Any = self.loop.last
            self.loop.abort(guard.outside("asyncio", "asyncio", f" at {site_of(task.coro)}"))

    def fail(self, failure: Failure) -> None:
        """End the run with ``failure``; the first one counts."""
        if self.failure is None:
            self.failure = failure
            self.loop.abort("failed")

    def stopped(self, alive: list[Any]) -> None:
        """Look at the tasks that are alive as the run is about to be wound up."""
        self.leaked = self.loop.runner.main_task_outcome is not None
        if self.loop.verdict in ("deadlock", "livelock"):
            infos = self.loop.runner.infos
            self.waits = waits(infos, [task for task in alive if infos[task].serial])

    def after(self, task: Any, woken: list[Any]) -> None:
        """Record the event that ``task`` has done, and check the invariants."""
        loop, infos = self.loop, self.loop.runner.infos
        info = infos[task]
        if info.serial == 0:  # trio's init task
            return
        if self.recorder is not None:
            alive = loop.alive(task)
            step = Step(
                task=task,
                nth=loop.last_actor()[1],
                woken=woken,
                now_s=self.now(),
                infos=infos,
                ready=task in alive,
                error=loop.ended_by,
                scopes=scopes_of(task) if self.recorder.ledger is not None else (),
            )
            event = self.recorder.event(step, info)
            self.recorder.follow_pass(task, alive)
            if self.watch is not None:
                self.watch(event, task.coro)
        loop.ended_by = ""
        for name, predicate in self.world.invariants.items():
            try:
                held = predicate()
            except Exception as error:  # noqa: BLE001 the predicate is the program's own code
                self.fail(from_exception(error))
                return
            if not held:
                broken = InvariantBroken(f"{name!r} does not hold after an event of {info.path}")
                self.fail(Failure("invariant", str(broken), shorten("invariant", name)))
                return


def run_once(
    program: Program | Callable[..., Any],
    scheduler: Scheduler,
    *,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    settings: Settings = Settings(),  # noqa: B008 a frozen value
    record: bool = False,
    ledger: Ledger | None = None,
    watch: Callable[[Event, Any], object] | None = None,
) -> Run:
    """Run ``program`` once. The caller has called ``scheduler.begin()`` and calls ``end``.

    record: keep the events and their digest. ledger: collect the accesses of each event too.
    watch: called after each recorded event with it and the coroutine of its task, now suspended
    (or ended); it may look but not touch.
    Raises only `RaceExploreError` (and `KeyboardInterrupt`); the program's own errors become
    the failure.
    """
    program = as_program(program)
    if not _ready:
        check_trio()
        inline_threads()
        _ready.append(True)
    loop = Loop(scheduler, settings=settings, limits=limits)
    recorder = Recorder(ledger, is_cancelled) if record or ledger is not None else None
    execution = _Execution(loop, settings.entropy, recorder)
    execution.watch = watch
    loop.foreign, loop.stopped = execution.foreign, execution.stopped
    if recorder is not None:
        loop.events = recorder.events
        loop.fired = recorder.clock_fired
    # invariants may be added at any time: a program with a world is always followed
    if recorder is not None or program.wants_world:
        loop.after = execution.after
    _current.append(execution.world)
    collecting = gc.isenabled()
    gc.disable()  # a collection in the middle would run finalizers at a moment nobody chose
    watchdog.loop = loop
    try:
        if guard.state.depth:
            _drive(loop, program, execution)
        else:
            with guard.guarded():
                _drive(loop, program, execution)
    finally:
        watchdog.loop = None
        _current.pop()
        if collecting:
            gc.enable()
    return _result(program, execution, limits)


def _drive(loop: Loop, program: Program, execution: _Execution) -> None:
    guard.begin(execution)
    try:
        loop.run(program.function, (execution.world,) if program.wants_world else ())
    finally:
        guard.end()


def _result(program: Program, execution: _Execution, limits: Limits) -> Run:
    loop, recorder = execution.loop, execution.recorder
    failure, cut = _judge(execution, limits)
    events = tuple(recorder.events) if recorder is not None else ()
    return Run(
        program=program,
        settings=loop.settings,
        outcome="failed" if failure else "cut" if cut else "passed",
        failure=failure,
        schedule=loop.decisions.schedule(loop.runner.names),
        steps=loop.steps,
        preemptions=loop.decisions.preemptions,
        virtual_s=loop.ended_s,
        cut=cut,
        events=events,
        digest=digest(events) if recorder is not None else "",
        passes=recorder.passes if recorder is not None else None,
        sometimes=dict(execution.world.seen),
        warnings=tuple(execution.warnings),
    )


def _judge(execution: _Execution, limits: Limits) -> tuple[Failure | None, str]:
    """Return the failure, or why the run was cut."""
    verdict = execution.loop.verdict
    if isinstance(verdict, Interrupted):
        raise KeyboardInterrupt from None
    if isinstance(verdict, BaseException):
        raise verdict  # ours, or a scheduler's: our caller's own error
    if execution.failure is not None:
        return execution.failure, ""
    if verdict in ("deadlock", "livelock"):
        return _blocked(execution), ""
    if verdict == "steps":
        return None, f"{limits.steps:,} events were not enough; raise the limit of steps"
    if verdict == "virtual_s":
        return None, f"virtual time passed the limit of {limits.virtual_s:g} s"
    if verdict:
        return None, verdict
    return _ended(execution)


def _ended(execution: _Execution) -> tuple[Failure | None, str]:
    """Judge a program that came to its own end."""
    error = getattr(execution.loop.runner.main_task_outcome, "error", None)
    if error is None:
        return None, ""
    for leaf in leaves(error):
        if isinstance(leaf, (RaceExploreError, KeyboardInterrupt, SystemExit)):
            raise leaf
        if isinstance(leaf, Stuck):
            return None, f"{leaf} {STUCK}"
    return from_exception(error), ""


def _blocked(execution: _Execution) -> Failure:
    """Return the deadlock, the leak or the livelock that the tasks still alive are in."""
    found, kind = execution.waits, str(execution.loop.verdict)
    stuck = [wait for wait in found if wait.what != NURSERY]
    count = f"{len(stuck)} task{'s' * (len(stuck) != 1)}"
    lines = describe(found)
    if kind == "livelock":
        places = ", ".join(f"{w.task} at {w.site}" for w in found[:4])
        message = f"{execution.loop.steps:,} events without virtual time moving: {places}"
        lines = [f"{w.task} goes round through {w.site}" for w in found]
    elif execution.leaked:
        kind, message = "leaked task", f"the program has ended, but {count} never will"
    else:
        ring = cycle(found)
        message = f"{count} wait for ever"
        message += f"; cycle of lock owners: {' -> '.join([*ring, ring[0]])}" if ring else ""
    identity = sorted({f"{w.task} {w.site.function} {w.what}" for w in found})
    site = stuck[0].site if stuck else NOWHERE
    return Failure(kind, message, shorten(kind, *identity), site, tuple(lines), waits=tuple(found))
