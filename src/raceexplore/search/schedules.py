"""A Hypothesis strategy whose values are schedules, drawn before the run they steer.

Only doors import this file: it needs Hypothesis, which takes long to import.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, currently_in_test_context, event, settings
from hypothesis import strategies as st
from hypothesis.control import current_build_context
from hypothesis.errors import UnsatisfiedAssumption

from raceexplore.kernel.errors import BadOption, BadProgram, Inconclusive
from raceexplore.kernel.outcome import leaves
from raceexplore.kernel.program import Limits, Program, Settings, needed_arguments
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.seed import decode
from raceexplore.search.gaps import Gaps
from raceexplore.search.verdict import brief, error_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hypothesis.internal.conjecture.data import ConjectureData

    from raceexplore.kernel.outcome import Run

Move = tuple[int, int]
AsyncFunction = Callable[..., Coroutine[Any, Any, object]]
DRAWS = (2, 8, 64)  # sizes of gaps between draws: a run draws less often than it switches
ALTERNATIVES = 7  # taken modulo the number of other options, which is seldom more
# that a first switch is drawn, a second, ...: few deviations are found sooner and shrink to fewer
AGAIN = (0.9, 0.35)


class Schedule:
    """Which task goes on, as deviations from the default schedule; ``repr`` is valid Python.

    moves: (gap, alternative) pairs. After ``gap`` choices of the default option, each between
        two tasks or more, take one of the other options: ``alternative`` modulo their number.
        Or one seed, ``Schedule("rx1-...")``.
    latencies, faults, data: the same for what the program asks its world.
    sweep: run that many schedules more, the first gap larger by 1, 2, ...
    The default option is the task that ran last, else the one that has waited longest.
    """

    __slots__ = ("data", "faults", "horizon", "latencies", "moves", "sweep")

    def __init__(
        self,
        *moves: Move | str,
        latencies: Sequence[Move] = (),
        faults: Sequence[Move] = (),
        data: Sequence[Move] = (),
        sweep: int = 0,
    ) -> None:
        self.moves, self.horizon, self.sweep = moves, 0, sweep
        self.latencies, self.faults, self.data = tuple(latencies), tuple(faults), tuple(data)
        seeds = [move for move in moves if isinstance(move, str)]
        if seeds and (len(moves) > 1 or latencies or faults or data or sweep):
            raise BadOption("a Schedule is made of one seed alone, or of (gap, alternative) pairs")
        for move in (*moves, *self.latencies, *self.faults, *self.data):
            if not isinstance(move, str) and (len(move) != 2 or min(move) < 0):
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
        """
        __tracebackhide__ = True
        program = _bound(function, args)
        run, going_on = self._once(program, args, settings, limits)
        for schedule in self._swept():
            if not going_on:
                break
            run, going_on = schedule._once(program, args, settings, limits)  # noqa: SLF001
        return run

    def _swept(self) -> Iterator[Schedule]:
        """Yield the schedules after this one whose first gap is larger by 1, 2, ..."""
        for more in range(1, self.sweep + 1) if self.moves else ():
            (gap, alternative), *rest = (move for move in self.moves if not isinstance(move, str))
            others = {name: getattr(self, name) for name in ("latencies", "faults", "data")}
            schedule = Schedule((gap + more, alternative), *rest, **others)
            schedule.horizon = self.horizon
            yield schedule

    def _once(
        self, program: Program, args: tuple[Any, ...], settings: Settings | None, limits: Limits
    ) -> tuple[Run, bool]:
        """Run ``program`` once; tell too whether a larger first gap could still matter."""
        __tracebackhide__ = True
        scheduler: Gaps | Replay = self._gaps()
        if self.moves and isinstance(self.moves[0], str):
            seed = decode(self.moves[0])
            scheduler, settings = Replay(seed.schedule), settings or seed.settings
        scheduler.begin()
        telling = _is_last_call()
        run = run_once(
            program, scheduler, settings=settings or Settings(), limits=limits, record=telling
        )
        if isinstance(scheduler, Gaps):
            self._count(scheduler)
        if run.failure is not None:
            raise _error(run, list(self._note(run, scheduler, args)) if telling else [])
        if run.cut:
            raise Inconclusive(f"{program.name} neither passed nor failed: {run.cut}")
        reached = isinstance(scheduler, Gaps) and scheduler.beyond["task"] < len(self.moves)
        return run, reached

    def _gaps(self) -> Gaps:
        moves = [move for move in self.moves if not isinstance(move, str)]
        kinds = {"task": moves, "latency": self.latencies, "fault": self.faults}
        return Gaps({**kinds, "data": self.data})

    def _count(self, scheduler: Gaps) -> None:
        """Tell Hypothesis's statistics what part of the run this schedule could reach."""
        if currently_in_test_context():
            if any(scheduler.beyond.values()):
                event("raceexplore: a deviation lies past the end of the run")
            if self.horizon and scheduler.asked["task"] > self.horizon:
                event(f"raceexplore: more choices than horizon={self.horizon}; raise it")

    def _note(self, run: Run, scheduler: Gaps | Replay, args: tuple[Any, ...]) -> Iterator[str]:
        """Yield the lines of the report."""
        yield from brief(run)
        beyond = sum(scheduler.beyond.values()) if isinstance(scheduler, Gaps) else 0
        if beyond or (beyond := len(getattr(scheduler, "skipped", ()))):
            yield f"{beyond} of the schedule's deviations found no place in this run"
        function = run.program.name.rpartition(":")[2].rpartition("<locals>.")[2]
        shown = ", ".join([function, *(_short(arg) for arg in args)])
        yield f"replay  {self!r}.run({shown})"
        yield f'seed    {run.seed}  (Schedule("rx1-...") runs it too)'


def schedules(
    *,
    depth: int = 3,
    horizon: int = 1024,
    latencies: int = 2,
    faults: int = 1,
    data: int = 1,
    sweep: int = 0,
) -> st.SearchStrategy[Schedule]:
    """Return the strategy of schedules with at most ``depth`` switches.

    horizon: the largest gap, in choices; raise it for runs of more than a thousand choices.
    latencies, faults, data: the most deviations from the median, from no fault, and from the
    simplest datum; 0 keeps that kind quiet. The simplest schedule is the default one.
    sweep: the most schedules more that a test case runs, neighbours of the drawn one: drawing
    costs several times what a run does. The function is then called again and again, with the same
    arguments: it must build all it changes. Everything is drawn before the run.
    Raises `BadOption` for a number out of range.
    """
    if min(depth, latencies, faults, data, sweep) < 0 or horizon < 1:
        raise BadOption(f"depth={depth} must not be negative, horizon={horizon} at least 1")
    return _Schedules(depth, horizon, (latencies, faults, data), sweep)


def profile(parent: settings | None = None) -> settings:
    """Return Hypothesis settings for tests that run schedules.

    No deadline, since a run's real time says nothing, and no health check for slow drawing. Use:
    ``settings.register_profile("race", profile())``, or ``@profile()`` above ``@given``.
    """
    parent = parent or settings()
    slow = {*parent.suppress_health_check, HealthCheck.too_slow}
    return settings(
        parent, deadline=None, suppress_health_check=sorted(slow, key=lambda check: check.name)
    )


class _Schedules(st.SearchStrategy[Schedule]):
    """Draws (gap, alternative) lists straight from the choice sequence.

    Lists of tuples of integers draw the same choices in four times the time.
    """

    def __init__(self, depth: int, horizon: int, others: tuple[int, int, int], sweep: int) -> None:
        super().__init__()
        self.sweep = sweep
        self.depth, self.horizon, self.others = depth, horizon, others
        # gaps of each order of magnitude are as likely: the length of a run is not known yet
        self.sizes = (*(size for size in (16, 64, 256) if 4 * size <= horizon), horizon + 1)

    def __repr__(self) -> str:
        return f"schedules(depth={self.depth}, horizon={self.horizon})"

    def do_draw(self, data: ConjectureData) -> Schedule:
        """Draw the lists; a list ends with a False, which shrinks best."""
        # right before the first gap: the shrinker takes from one number to add to the next
        sweep = data.draw_integer(0, self.sweep) if self.sweep else 0
        moves = _moves(data, self.depth, self.sizes)
        latencies: tuple[Move, ...] = ()
        faults: tuple[Move, ...] = ()
        picks: tuple[Move, ...] = ()
        if any(self.others) and data.draw_boolean(0.5):
            latencies, faults, picks = (_moves(data, most, DRAWS) for most in self.others)
        sweep = sweep if moves else 0
        schedule = Schedule(*moves, latencies=latencies, faults=faults, data=picks, sweep=sweep)
        schedule.horizon = self.horizon
        return schedule


def _moves(data: ConjectureData, most: int, sizes: Sequence[int]) -> tuple[Move, ...]:
    """Draw up to ``most`` pairs, whose gaps are below one of ``sizes``, each as likely."""
    found: list[Move] = []
    while len(found) < most and data.draw_boolean(AGAIN[bool(found)]):
        # the simplest size is the largest one: the shrinker goes there, and no bound is in its way
        size = sizes[-1 - data.draw_integer(0, len(sizes) - 1)] if sizes[1:] else sizes[0]
        gap = data.draw_integer(0, size - 1)
        found.append((gap, data.draw_integer(0, ALTERNATIVES)))
    return tuple(found)


def _bound(function: AsyncFunction, args: tuple[Any, ...]) -> Program:
    """Return ``function(*args)`` as a program."""
    how, name, source = _reading(function, len(args))
    if how == "world":
        return Program(
            lambda world: function(*args, world=world), name, wants_world=True, source=source
        )
    if how == "last":
        return Program(lambda world: function(*args, world), name, wants_world=True, source=source)
    return Program(lambda: function(*args), name, source=source)


@lru_cache(64)
def _reading(function: AsyncFunction, given: int) -> tuple[str, str, Path | None]:
    """Return how ``function`` wants its world, its name and its file."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "?")
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
        error.add_note("\n".join(note))
    return error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else "..."
