"""A schedule as a value that runs a function, for Hypothesis to draw, shrink and print.

Only doors, and what draws schedules, import this file: Hypothesis takes long to import.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Coroutine
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import currently_in_test_context, event
from hypothesis.control import current_build_context
from hypothesis.errors import UnsatisfiedAssumption

from raceexplore.hypothesis.explain_phase import traced_lightly
from raceexplore.hypothesis.failure_note import failure_note
from raceexplore.hypothesis.unchanged import Reach
from raceexplore.kernel.errors import BadOption, BadProgram, Inconclusive
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import interruptible
from raceexplore.kernel.outcome import leaves
from raceexplore.kernel.program import Limits, Program, Settings, needed_arguments
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.seed import decode
from raceexplore.linearizability.lanes import lanes
from raceexplore.search.as_exception import ReportNote, RunFailed, error_of
from raceexplore.toolbox.gaps import Gaps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from raceexplore.hypothesis.scouts import Scouts
    from raceexplore.kernel.outcome import Run
    from raceexplore.linearizability.history import Recording

Move = tuple[int, int]
AsyncFunction = Callable[..., Coroutine[Any, Any, object]]


class How(NamedTuple):
    """How a function is run. recorded: it tells its calls itself."""

    settings: Settings | None
    limits: Limits
    args: tuple[Any, ...]
    recorded: bool


class Schedule:
    """Which task goes on, as deviations from the default schedule; ``repr`` is valid Python.

    moves: (gap, alternative) pairs. After ``gap`` choices of the default option, each between
        two tasks or more, take one of the other options: ``alternative`` modulo their number.
        Or one seed, ``Schedule("rx1-...")``.
    latencies, faults, data: the same for what the program asks its world.
    sweep: run up to that many schedules more, the first gap larger by 1, 2, ... until the end of
        the run, then counted from 0 on.
    The default option is the task that ran last, else the one that has waited longest.
    """

    __slots__ = ("careful", "data", "faults", "horizon", "latencies", "moves", "scouts", "sweep")

    def __init__(
        self,
        *moves: Move | str,
        latencies: Sequence[Move] = (),
        faults: Sequence[Move] = (),
        data: Sequence[Move] = (),
        sweep: int = 0,
    ) -> None:
        self.moves, self.horizon, self.sweep, self.careful = moves, 0, sweep, False
        self.scouts: Scouts | None = None
        self.latencies, self.faults, self.data = tuple(latencies), tuple(faults), tuple(data)
        seeds = [move for move in moves if isinstance(move, str)]
        if seeds and (len(moves) > 1 or latencies or faults or data or sweep):
            raise BadOption("a Schedule is made of one seed alone, or of (gap, alternative) pairs")
        for move in (*moves, *self.latencies, *self.faults, *self.data):
            if not (isinstance(move, str) or _is_move(move)):
                raise BadOption(f"{move!r} is no (gap, alternative) pair: two numbers from 0")

    def __repr__(self) -> str:
        rest = [(name, getattr(self, name)) for name in ("latencies", "faults", "data", "sweep")]
        parts = [*map(repr, self.moves), *(f"{name}={value!r}" for name, value in rest if value)]
        return f"Schedule({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.moves, self.latencies, self.faults, self.data, self.sweep

    def run(
        self,
        function: AsyncFunction,
        *args: Any,
        settings: Settings | None = None,
        limits: Limits = Limits(),  # noqa: B008 a frozen value
    ) -> Run:
        """Run ``function(*args)`` on this schedule; return the (last) run, which has passed.

        A function with an argument called ``world``, or with one more argument than given,
        gets the world. settings: time, order and entropy (default: the seed's, or strict time
        and any order). Raises the program's own exception, out of its groups, with the report
        as a note; `search.verdict.Deadlock` and its like where there is none; `Inconclusive`
        for a run that was cut by ``limits``.
        A function that has an attribute ``recording``, as `Machine.play`, gets what that makes
        after ``args``, for each run; a deadlock and its like then tell the calls.
        """
        __tracebackhide__ = True
        recordings: deque[Recording] = deque(maxlen=1)
        program = _bound(function, args, recordings)
        recorded = hasattr(function, "recording")
        try:
            return self._all(function, program, How(settings, limits, args, recorded))
        except RunFailed as error:
            if recordings:
                error.add_note("\n".join(["the calls:", *lanes(recordings[0].history())]))
            raise

    def _all(self, function: AsyncFunction, program: Program, how: How) -> Run:
        """Run ``program``, which is ``function(*args)``, on this schedule and its neighbours."""
        __tracebackhide__ = True
        settings, limits, args, _ = how
        if not (self.sweep and self.moves) and self.scouts is None:
            with traced_lightly(), interruptible(limits.wall_s):
                return self._once(program, how)[0]
        # installed once, and not once a run
        with guarded(), traced_lightly(), interruptible(limits.wall_s) as watch:
            reach = Reach(function, args) if self.careful or self.scouts else None
            run, gaps = self._once(program, how)
            asked = gaps.asked["task"]
            for neighbour in self._neighbours(gaps):
                if watch.interrupted:
                    break
                if self.careful and reach is not None and not reach.unchanged_by(run):
                    break
                try:
                    run, gaps = neighbour._once(program, how)  # noqa: SLF001
                except UnsatisfiedAssumption:  # the schedule itself has met it
                    continue
            if self.scouts is not None and reach is not None:
                self.scouts.look(program, settings or Settings(), limits, (run, asked, reach))
        return run

    def _neighbours(self, gaps: Gaps) -> Iterator[Schedule]:
        """Yield the schedules to run after this one, which ``gaps`` has just been for."""
        if not (self.sweep and self.moves):
            return
        (gap, alternative), *rest = (move for move in self.moves if not isinstance(move, str))
        others = {name: getattr(self, name) for name in ("latencies", "faults", "data")}
        choices = gaps.asked["task"]
        near = chain(range(gap + 1, choices), range(min(gap, choices)))
        for later in islice(near, self.sweep):
            yield Schedule((later, alternative), *rest, **others)

    def _once(self, program: Program, how: How) -> tuple[Run, Gaps]:
        """Run ``program`` once; return the scheduler too, which knows what found a place."""
        __tracebackhide__ = True
        settings, limits = how.settings, how.limits
        gaps = self._gaps()
        scheduler: Gaps | Replay = gaps
        if self.moves and isinstance(self.moves[0], str):
            seed = decode(self.moves[0])
            scheduler, settings = Replay(seed.schedule), settings or seed.settings
        scheduler.begin()
        telling = _is_last_call()
        run = run_once(
            program, scheduler, settings=settings or Settings(), limits=limits, record=telling
        )
        if self.horizon:
            self._count(gaps)
        if run.failure is not None:
            raise _error(run, list(self._note(run, scheduler, how)) if telling else [])
        if run.cut:
            raise Inconclusive(f"{program.name} neither passed nor failed: {run.cut}")
        return run, gaps

    def _gaps(self) -> Gaps:
        moves = [move for move in self.moves if not isinstance(move, str)]
        kinds = {"task": moves, "latency": self.latencies, "fault": self.faults}
        return Gaps({**kinds, "data": self.data})

    def _count(self, scheduler: Gaps) -> None:
        """Tell Hypothesis's statistics what part of the run this schedule could reach."""
        if currently_in_test_context():
            if any(scheduler.beyond.values()):
                event("raceexplore: a deviation lies past the end of the run")
            if scheduler.asked["task"] > self.horizon:
                event(f"raceexplore: more choices than horizon={self.horizon}; raise it")

    def _note(self, run: Run, scheduler: Gaps | Replay, how: How) -> Iterator[str]:
        """Yield the lines of the report."""
        yield from failure_note(run, how.limits, recorded=how.recorded)
        beyond = sum(scheduler.beyond.values()) if isinstance(scheduler, Gaps) else 0
        if beyond or (beyond := len(getattr(scheduler, "skipped", ()))):
            yield f"{beyond} of the schedule's deviations found no place in this run"
        function = run.program.name.rpartition(":")[2].rpartition("<locals>.")[2]
        shown = ", ".join([function, *(_short(arg) for arg in how.args)])
        yield f"replay  {self!r}.run({shown})"
        yield f'seed    {run.seed}  (Schedule("rx1-...") runs it too)'


def _is_move(move: object) -> bool:
    pair = isinstance(move, (tuple, list)) and len(move) == 2
    return pair and all(isinstance(part, int) and part >= 0 for part in move)  # type: ignore[attr-defined]


def _bound(function: AsyncFunction, args: tuple[Any, ...], recordings: deque[Recording]) -> Program:
    """Return ``function(*args)`` as a program; ``recordings`` will hold that of the last run.

    Raises `BadProgram`.
    """
    given: object = function
    if inspect.iscoroutine(given):
        given.close()  # else Python warns, later and elsewhere, that nobody awaited it
        raise BadProgram(f"give run the function and its arguments: run({given.__name__}, ...)")
    if not callable(given):
        raise BadProgram(f"run takes an async function and its arguments, not {given!r}")
    make = getattr(function, "recording", None)
    if make is not None and any(isinstance(arg, make) for arg in args):
        make = None  # the caller has one, and will look at it
    how, name, source = _reading(function, len(args) + (make is not None))

    def called(*last: object, **named: object) -> Coroutine[Any, Any, object]:
        if make is None:
            return function(*args, *last, **named)
        recordings.append(make())
        return function(*args, recordings[-1], *last, **named)

    if how == "world":
        return Program(lambda world: called(world=world), name, wants_world=True, source=source)
    if how == "last":
        return Program(called, name, wants_world=True, source=source)
    return Program(called, name, source=source)


@lru_cache(64)
def _reading(function: AsyncFunction, given: int) -> tuple[str, str, Path | None]:
    """Return how ``function`` wants its world, its name and its file."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "?")
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type):  # a class method is called on a class that may have inherited it
        module, name = owner.__module__, f"{owner.__qualname__}.{name.rpartition('.')[2]}"
    signature = inspect.signature(function)
    how = "last" if needed_arguments(function) == given + 1 else ""
    how = "world" if "world" in list(signature.parameters)[given:] else how
    try:
        extra = {"world": None} if how == "world" else {}
        signature.bind(*[None] * (given + (how == "last")), **extra)
    except TypeError as error:
        raise BadProgram(f"{name}{signature} cannot be run with {given} arguments: {error}") from (
            None
        )
    return how, f"{module}:{name}", Path(code.co_filename) if code else None


def _is_last_call() -> bool:
    """Return whether somebody will read the report: Hypothesis makes one call last of all."""
    if not currently_in_test_context():
        return True
    return bool(getattr(current_build_context(), "is_final", True))


def _error(run: Run, note: list[str]) -> BaseException:
    """Return what to raise for the failed ``run``."""
    assert run.failure is not None
    if run.failure.exception is not None:
        for leaf in leaves(run.failure.exception):
            if isinstance(leaf, UnsatisfiedAssumption):  # assume() or reject() in the program
                return leaf
    error = error_of(run)
    if note and isinstance(error, Exception):
        error.add_note(ReportNote("\n".join(note)))
    return error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else "..."
