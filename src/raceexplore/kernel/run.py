"""run_once: one program, one scheduler, one run."""

from __future__ import annotations

import gc
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, cast

from raceexplore.kernel.errors import Interrupted, ProcessEnded, Stuck
from raceexplore.kernel.events.causes import Step
from raceexplore.kernel.events.order import Trace
from raceexplore.kernel.events.record import Recorder, made
from raceexplore.kernel.fence import guard
from raceexplore.kernel.fence.doom import Doom, ended
from raceexplore.kernel.fence.outside import call_site, outside
from raceexplore.kernel.fence.pulse import pulse
from raceexplore.kernel.fence.watchdog import watchdog, watching
from raceexplore.kernel.judge import End, judge
from raceexplore.kernel.outcome import Failure, Run, from_exception, shorten
from raceexplore.kernel.program import LEFT, SWALLOWED, Limits, Settings, as_program, knob_values
from raceexplore.kernel.runtimes.cancelling import Cancelling
from raceexplore.kernel.runtimes.handled import Handlers
from raceexplore.kernel.runtimes.imports import runtime_of
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.started import started
from raceexplore.kernel.trio_loop.run import trio_run
from raceexplore.kernel.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from raceexplore.kernel.events.record import Ledger
    from raceexplore.kernel.events.trace import Event, Site
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.program import Program
    from raceexplore.kernel.runtimes.run_loop import RunLoop
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.kernel.standing.moment import Moment
    from raceexplore.kernel.standing.waits import Wait

STREAMS = 1_024  # that what a program draws may follow
_current: list[World] = []


def world() -> World:
    """Return the world of the run in progress. Raises `RuntimeError` outside a run."""
    if not _current:
        raise RuntimeError("raceexplore.world() is only there inside a run")
    return _current[-1]


class InvariantBroken(Exception):
    """A predicate given to `World.always` was false after an event."""


class _Execution:
    """The run in progress, as the guard and the world see it."""

    def __init__(self, loop: RunLoop, entropy: int, recorder: Recorder | None) -> None:
        self.loop, self.entropy, self.recorder = loop, entropy, recorder
        self.runtime = loop.runtime(self.crashed, recorder)
        self.world = World(self, self.runtime, recorder, knob_values(loop.settings.knobs))
        self.pick = loop.decisions.pick
        self.failure = self.complaint = cast("Failure | None", None)
        self.allowed = loop.settings.allowed
        self.warnings: dict[str, None] = {}
        self.waits: list[Wait] = []
        self.leaked = False
        self.swallower: tuple[str, Site, str] | None = None
        self.watch: Callable[[Event, Any], object] | None = None
        self.cancelling: Cancelling | None = None
        if loop.settings.cancel:
            self.cancelling = Cancelling(loop, loop.settings.cancel, recorder)
        loop.attach(self)

    def crashed(self, error: BaseException) -> None:
        """Fail with what a task raised that the world has started."""
        if not self.loop.unwinding:
            self.fail(from_exception(error))

    def actor(self) -> str:
        """Return the path of the running task."""
        return self.loop.last_actor()[0]

    def now(self) -> float:
        """Return the virtual time, in seconds."""
        return self.loop.clock.current_time()

    def stream(self) -> int:
        """Choose the stream that what the program draws by ``random`` and its like follows."""
        return self.world.pick("random", range(STREAMS))

    def deadlines(self) -> Iterable[float]:
        """Return the times at which time-outs strike; any order."""
        return self.loop.pending()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass without a schedule point."""
        self.loop.jump(seconds)
        recorder = self.recorder
        if recorder is not None and recorder.ledger is not None:
            # whoever looks at the clock is in its way
            recorder.ledger.opaque("a jump of the clock")

    def leave(self, what: str, tool: str) -> NoReturn:
        """End the run: the call ``what`` leaves the controlled world."""
        self.loop.abort(error := outside(what, tool))
        raise error

    def end_process(self, what: str) -> NoReturn:
        """Fail: the call ``what`` would have ended the process, and this run ends in its place."""
        self.fail(ended(f"{what} would end the process; a run may not", what, call_site()))
        raise ProcessEnded(what)

    def unraisable(self, error: BaseException, where: str) -> None:
        """Fail with an error that Python could only have printed."""
        if not (self.loop.unwinding or isinstance(error, Warning)):
            self.fail(from_exception(error, "unraisable error"))

    def warn(self, text: str) -> None:
        """Note something that the reader should know once."""
        self.warnings[text] = None

    def fail(self, failure: Failure) -> None:
        """End the run with ``failure``; the first one counts."""
        if self.failure is None:
            self.failure = failure
            self.loop.abort("failed")

    def swallowed(self, path: str, site: Site, said: str) -> None:
        """Remember a swallowed cancellation; it is the failure if the run has no other."""
        if self.swallower is None and SWALLOWED not in self.allowed:
            self.swallower = (path, site, said)

    def complain(self, failure: Failure, *, at_once: bool) -> None:
        """Note what the runtime would only have logged; it is a failure unless it is allowed."""
        if failure.kind in self.allowed:
            return
        if at_once:
            self.fail(failure)
        elif self.complaint is None:
            self.complaint = failure

    def stopped(self, alive: list[Any]) -> None:
        """Look at the tasks that are alive as the run is about to be wound up."""
        self.leaked = self.loop.ended
        if self.loop.verdict in ("deadlock", "livelock", "endless"):
            self.waits = self.loop.waits(alive)

    def follow(self) -> None:
        """Check the invariants after every event from now on, the present one included."""
        self.loop.follow(self.after)

    def after(self, task: Any, woken: Sequence[Any]) -> None:
        """Record the event that ``task`` has done, and check the invariants."""
        loop, recorder = self.loop, self.recorder
        info = loop.infos[task]
        if info.serial == 0:  # trio's init task
            return
        if self.cancelling is not None:
            self.cancelling.after(task, woken)
        if recorder is not None:
            self._record(recorder, task, woken)
        loop.ended_by, loop.raised = "", None
        if self.world.invariants:
            self._check_invariants(info)
            if recorder is not None and recorder.ledger is not None:
                recorder.ledger.forget()  # what the predicates have read is no event's doing

    def _record(self, recorder: Recorder, task: Any, woken: Sequence[Any]) -> None:
        loop = self.loop
        nth, ready, interrupted = loop.deed(task)
        scopes = loop.scopes_of(task) if recorder.ledger is not None else ()
        if loop.raised is not None and recorder.ledger is not None:
            recorder.ledger.introduce((loop.raised,))  # whoever waits for the task gets it
        infos, now_s = loop.infos, loop.clock.current_time()
        step = made(
            Step, (task, nth, woken, now_s, infos, ready, loop.ended_by, interrupted, scopes)
        )
        event = recorder.event(step, infos[task])
        loop.note_order(recorder, task)
        if self.watch is not None:
            self.watch(event, task.coro)

    def _check_invariants(self, info: TaskInfo) -> None:
        for name, predicate in self.world.invariants.items():
            try:
                held = predicate()
            except (Stuck, Interrupted):
                return  # the run has been aborted, and ends before its next event
            except (Exception, SystemExit, GeneratorExit) as error:  # noqa: BLE001 the program's own
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
    before: Callable[[Moment], object] | None = None,
) -> Run:
    """Run ``program`` once. The caller has called ``scheduler.begin()`` and calls ``end``.

    record: keep the events and their digest. ledger: collect the accesses of each event too.
    watch: called after each recorded event with it and the coroutine of its task, now suspended
    (or ended); it may look but not touch. before: called before each event; likewise.
    Raises only `RaceExploreError` (and `KeyboardInterrupt`); the program's own errors become
    the failure.
    """
    run, execution = _once(
        as_program(program),
        scheduler,
        settings,
        limits=limits,
        record=record,
        ledger=ledger,
        watch=watch,
        before=before,
    )
    if execution.swallower is None or run.failure is None or run.failure.kind != SWALLOWED:
        return run
    path, site, _ = execution.swallower
    # the site of a swallowed cancellation of asyncio's is the line that cancelled
    at = None if run.settings.runtime == "asyncio" else site
    return _looked_at_again(run, Handlers(path, at, execution.loop.interruption), limits)


def _looked_at_again(run: Run, handlers: Handlers, limits: Limits) -> Run:
    """Return ``run`` as if nothing had been swallowed, if an error took the cancellation's place.

    That error was the program's to handle. Which it was can be seen only while it happens, at a
    cost that no other run is to pay: the run is done once more.
    """
    settings = run.settings
    allowing = replace(settings, allow=",".join([*settings.allowed, SWALLOWED]))
    again = Replay(run.schedule)
    again.begin()
    try:
        other, _ = _once(run.program, again, allowing, limits=limits, before=handlers)
    finally:
        handlers.close()
    if handlers.swallowed or not handlers.let_go:
        return run
    return replace(run, outcome=other.outcome, failure=other.failure, cut=other.cut)


def _once(
    program: Program,
    scheduler: Scheduler,
    settings: Settings,
    *,
    limits: Limits,
    record: bool = False,
    ledger: Ledger | None = None,
    watch: Callable[[Event, Any], object] | None = None,
    before: Callable[[Moment], object] | None = None,
) -> tuple[Run, _Execution]:
    """Do one run; return it, and what it was as it was in progress."""
    started.runs += 1
    runtime = settings.runtime or program.runtime or runtime_of(program.function)
    death = pulse.run_begins(limits.wall_s)
    doom = Doom(death, before) if death is not None or pulse.scouting else None
    loop = _loop(runtime, scheduler, settings, limits, doom or before)
    recorder = Recorder(ledger, loop.cancelled_of) if record or ledger is not None else None
    execution = _Execution(loop, settings.entropy, recorder)
    execution.watch = watch
    if doom:
        doom.attach(loop, execution.fail)
    if recorder is not None:
        loop.record(recorder, execution.after)
    elif execution.cancelling is not None:
        loop.after = execution.after
    try:
        if guard.installed() and watchdog.on:
            _drive(loop, program, execution, limits)
        else:
            with guard.guarded(), watching(limits.wall_s):
                _drive(loop, program, execution, limits)
        return _result(program, execution, limits), execution
    finally:
        execution.runtime.close()
        loop.let_go()
        del execution.world
        pulse.run_ends()


def _loop(
    runtime: str, scheduler: Scheduler, settings: Settings, limits: Limits, before: Any
) -> RunLoop:
    if runtime == "trio":
        return trio_run(scheduler, settings, limits, before)
    from raceexplore.kernel.asyncio_loop.run import asyncio_run

    return asyncio_run(scheduler, on_asyncio(settings), limits, before)


@lru_cache(maxsize=100)
def on_asyncio(settings: Settings) -> Settings:
    """Return ``settings`` that name the runtime, so that a seed carries it."""
    return replace(settings, runtime="asyncio")


def _drive(loop: RunLoop, program: Program, execution: _Execution, limits: Limits) -> None:
    _current.append(execution.world)
    collecting = gc.isenabled()
    gc.disable()  # a collection in the middle would run finalizers at a moment nobody chose
    watchdog.loop, watchdog.wall_s = loop, limits.wall_s
    guard.begin(execution)
    try:
        loop.run(program.function, (execution.world,) if program.wants_world else ())
    except Interrupted:  # while the run was being wound up
        raise KeyboardInterrupt from None
    except Stuck:
        pass  # likewise; the verdict tells of it
    finally:
        guard.end()
        watchdog.loop = None
        _current.pop()
        if collecting:
            gc.enable()


def _result(program: Program, execution: _Execution, limits: Limits) -> Run:
    loop, recorder = execution.loop, execution.recorder
    failure, cut = _judged(program.name, execution, limits)
    return Run(
        program=program,
        settings=loop.settings,
        outcome="failed" if failure else "cut" if cut else "passed",
        failure=failure,
        schedule=loop.decisions.schedule(loop.names),
        steps=loop.steps,
        preemptions=loop.decisions.preemptions,
        virtual_s=loop.ended_s,
        cut=cut,
        events=Trace(recorder.settled()) if recorder is not None else (),
        passes=recorder.passes if recorder is not None else None,
        sometimes=dict(execution.world.seen),
        counts=dict(execution.world.counts),
        knobs=execution.world.asked,
        warnings=tuple(execution.warnings),
        cancels=recorder.cancels.all(recorder.ledger) if recorder is not None else (),
        blocked=loop.blocked,
        met_choice=loop.decisions.point.bound > 0,
    )


def _judged(name: str, execution: _Execution, limits: Limits) -> tuple[Failure | None, str]:
    """Return the failure, or why the run was cut."""
    loop = execution.loop
    error = loop.error
    cancelling = execution.cancelling
    if error is not None and cancelling is not None and cancelling.explains(error):
        error = None
        if execution.complaint is not None and execution.complaint.kind == LEFT:
            execution.complaint = None  # main was not there any more to wait for them
    quiet = error is None and execution.failure is None and execution.swallower is None
    if quiet and not loop.verdict:
        return execution.complaint, ""
    loop.check(name)
    seen = End(
        verdict=loop.verdict,
        steps=loop.steps,
        error=error,
        failure=execution.failure,
        waits=execution.waits,
        leaked=execution.leaked,
        swallowed=execution.swallower,
        endings=loop.endings,
        lasting=loop.lasting,
    )
    return judge(seen, limits, execution.allowed)
