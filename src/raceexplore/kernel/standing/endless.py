"""Runs without an end: some tasks only sleep and wake, and the others wait for nothing to come.

A look is taken now and then in a long run (see `pace`). If since the last one no task has been
spawned or has ended, and nobody who waits has a deadline, the next events are watched: whether
those who go on wake anybody, and whether all that they can reach is each time as it was before.
What is the same, and asks neither for the time nor for chance, does the same for ever.
"""

from __future__ import annotations

import gc
import math
from collections import deque
from contextlib import suppress
from operator import length_hint
from types import CellType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.fence.hostile import home_of
from raceexplore.kernel.standing.walk import frames, is_user_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

WATCHED = 64  # events that are watched
OBJECTS_MAX = 2_000  # that what a task can reach is made of; of more nothing is said
CLOCKS = frozenset(
    (
        *("current_time", "current_effective_deadline", "deadline", "now", "time", "time_ns"),
        *("monotonic", "monotonic_ns", "perf_counter", "utcnow", "today", "world"),
    )
)
SCALARS = (bool, int, float, complex, str, bytes, type(None))
CONTAINERS = (dict, list, tuple, set, frozenset, deque)
ELSEWHERE = ("trio", "raceexplore", "outcome", "logging")
SEALED = ("builtin_function_or_method", "method-wrapper", "range", "slice", "ellipsis", "coroutine")


class Standings(NamedTuple):
    """Where the tasks of a run are. moments: how many events each task has had. spawned: in all."""

    moments: dict[Any, int]
    spawned: int


def movers(before: Standings, now: Standings) -> set[Any]:
    """Return the tasks that have gone on since, if nothing else has changed; else nobody."""
    if before.spawned != now.spawned or before.moments.keys() != now.moments.keys():
        return set()
    return {task for task, count in now.moments.items() if count != before.moments[task]}


def has_no_deadline(scopes: Iterable[Any]) -> bool:
    """Return whether no deadline will ever cancel a task that is in ``scopes``."""
    return all(scope.deadline == math.inf for scope in scopes)


class Watch:
    """Watches whether each event is one that ``movers`` have done before, and wakes nobody.

    drawn: returns how many draws there have been. clocks: they may ask for the time.
    still: so far. states: that they have been in.
    """

    def __init__(self, movers: set[Any], drawn: Callable[[], int], *, clocks: bool) -> None:
        self.movers, self._drawn, self._clocks = movers, drawn, clocks
        self.still, self.states = True, set[int]()
        self._events, self._draws = 0, drawn()
        self._late: dict[Any, bool] = {}

    @property
    def proves(self) -> bool:
        """Whether each of the tasks has gone on, and does what it did before."""
        return self.still and all(self._late.get(task, False) for task in self.movers)

    def after(self, task: Any, woken: Sequence[Any]) -> None:
        """Look at ``task``, which has done an event that made ``woken`` ready."""
        if not self.still:
            return
        self._events += 1
        self._late[task] = self._events > WATCHED // 2
        state = state_of(task.coro, clocks=self._clocks)
        known = state in self.states or self._events <= WATCHED // 2
        alone = task in self.movers and all(other is task for other in woken)
        self.still = known and alone and state is not None and self._drawn() == self._draws
        if state is not None:
            self.states.add(state)


def state_of(coroutine: Any, *, clocks: bool = False) -> int | None:
    """Return a number for all that ``coroutine`` can reach; None if that may change unseen.

    clocks: it may do other things when the time is another.
    """
    found: list[object] = []
    queue: list[Any] = []
    for frame, line in frames(coroutine):
        if not is_user_file(frame.f_code.co_filename):
            continue
        if not clocks and not CLOCKS.isdisjoint(frame.f_code.co_names):
            return None
        found += [frame.f_code.co_qualname, line, frame.f_lasti]
        queue += _reached_by(frame)
    return _digest(found, queue, clocks=clocks)


def _reached_by(frame: FrameType) -> list[Any]:
    """Return what the code of ``frame`` can reach: variables, iterators, the globals it names."""
    known = frame.f_globals
    named = [known[name] for name in frame.f_code.co_names if name in known]
    return [*frame.f_locals.values(), *gc.get_referents(frame), *named]


def _digest(found: list[object], queue: list[Any], *, clocks: bool) -> int | None:
    """Return a number for the values in ``found`` and for what can be reached from ``queue``."""
    seen: set[int] = set()
    while queue:
        value = queue.pop()
        if isinstance(value, SCALARS):
            found.append(value)
            continue
        if id(value) in seen or _is_elsewhere(value):
            continue
        seen.add(id(value))
        if len(seen) > OBJECTS_MAX:
            return None
        found.append(type(value).__name__)
        if not _open(value, found, queue) or not (clocks or _keeps_no_time(value)):
            return None
    return hash(tuple(found))


def _is_elsewhere(value: Any) -> bool:
    """Return whether ``value`` is no part of what a program changes while it only sleeps."""
    if issubclass(type(value), (ModuleType, type, FrameType, CodeType)):
        return True
    return home_of(type(value)).partition(".")[0] in ELSEWHERE


def _open(value: Any, found: list[object], queue: list[Any]) -> bool:
    """Add what ``value`` holds, without running any code of its; False if that cannot be seen."""
    kind = type(value)
    if issubclass(kind, CONTAINERS):
        base = next(base for base in CONTAINERS if issubclass(kind, base))
        held = list(base.__iter__(value))
        found.append(len(held))
        queue += held
        if issubclass(kind, dict):
            queue += [dict.__getitem__(value, key) for key in held]
    elif kind is CellType:
        queue += _contents(value)
    elif kind is MethodType:
        queue += [value.__self__, value.__func__]
    elif kind is FunctionType:
        queue += value.__closure__ or ()
    elif hasattr(kind, "__next__"):
        hint = length_hint(value, -1) if home_of(kind) == "builtins" else -1
        found.append(hint)
        return hint >= 0
    else:
        return _open_object(value, queue)
    return True


def _keeps_no_time(value: Any) -> bool:
    """Return whether ``value`` is no function of the program's that asks for the time."""
    if type(value) is not FunctionType or not is_user_file(value.__code__.co_filename):
        return True
    return CLOCKS.isdisjoint(value.__code__.co_names)


def _open_object(value: Any, queue: list[Any]) -> bool:
    kind, known = type(value), type(value) is object
    with suppress(AttributeError):
        queue += object.__getattribute__(value, "__dict__").values()
        known = True
    for name in [n for base in kind.__mro__ for n in base.__dict__.get("__slots__", ())]:
        known = True
        with suppress(AttributeError):
            queue.append(object.__getattribute__(value, name))
    return known or (home_of(kind) == "builtins" and kind.__name__ in SEALED)


def _contents(cell: CellType) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:  # it is empty
        return []
