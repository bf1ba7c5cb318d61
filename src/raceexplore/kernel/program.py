"""A program under test: an async function, and what a run needs to know of it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf, isfinite
from types import CellType, CodeType, FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from raceexplore.kernel.errors import BadOption, BadProgram

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path

STEPS_MAX = 10**9


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a run is cut.

    steps: events of tasks; a run that spends them without virtual time moving is a livelock,
        any other is cut. virtual_s: virtual seconds. wall_s: real seconds one event may take.
    """

    steps: int = 100_000
    virtual_s: float = 1e9
    wall_s: float = 10.0

    def __post_init__(self) -> None:
        if not (self.steps >= 1 and self.virtual_s > 0 and self.wall_s > 0):  # nor is nan
            raise BadOption(f"limits must be positive, not {self}")
        if self.steps > STEPS_MAX or inf in {self.virtual_s, self.wall_s}:
            raise BadOption(f"limits must be finite, and steps at most {STEPS_MAX:,}, not {self}")


@lru_cache(maxsize=1_000)
def knob_values(text: str) -> Mapping[str, float]:
    """Return what ``cpu=0.25,sigma=1.2`` says. Raises `BadOption` if it makes no sense."""
    found: dict[str, float] = {}
    for part in text.split(",") if text else ():
        name, _, value = part.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise BadOption(f"a knob is like sigma=1.2, not {part[:40]!r}") from None
        if not name.strip() or not isfinite(found[name.strip()]):
            raise BadOption(f"a knob is like sigma=1.2, not {part[:40]!r}")
    return MappingProxyType(found)


RUNTIMES = "trio", "asyncio"
SWALLOWED, ENDLESS, LEFT = "swallowed cancellation", "waits for ever", "tasks left"
ALLOWED = (
    SWALLOWED,
    ENDLESS,
    "exception never retrieved",
    "destroyed task",
    "never awaited",
    LEFT,
    "callback error",
)
"""The kinds of failures that a program may be allowed to have."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run means; part of every seed.

    time: ``strict`` (the clock moves only when no task can run) or ``elastic`` (the earliest
        deadline may also fire while tasks can run).
    order: ``any``, or ``passes`` (only the orders that the runtime's own loop can produce).
    fair_after: events after which a task that never blocks gives way on the default schedule.
    entropy: what ``random``, ``uuid`` and their like follow inside the run.
    runtime: ``trio`` or ``asyncio``; empty for the one that the program's imports name.
    allow: kinds of failures that are none here, with commas between them; see `ALLOWED`.
    knobs: what `World.knob` gives in place of its defaults, as ``cpu=0.25,sigma=1.2``.
    cancel: who may be cancelled at any await: a pattern of task names, ``*`` for all but main;
        empty for nobody.
    """

    time: Literal["strict", "elastic"] = "strict"
    order: Literal["any", "passes"] = "any"
    fair_after: int = 100
    entropy: int = 0
    runtime: str = ""
    allow: str = ""
    knobs: str = ""
    cancel: str = ""

    def __post_init__(self) -> None:
        if self.time not in ("strict", "elastic"):
            raise BadOption(f"time is 'strict' or 'elastic', not {self.time!r}")
        if self.order not in ("any", "passes"):
            raise BadOption(f"order is 'any' or 'passes', not {self.order!r}")
        if self.runtime not in ("", *RUNTIMES):
            raise BadOption(f"runtime is {' or '.join(map(repr, RUNTIMES))}, not {self.runtime!r}")
        unknown = [kind for kind in self.allowed if kind not in ALLOWED]
        if unknown:
            raise BadOption(f"allow is one of {', '.join(ALLOWED)}, not {', '.join(unknown)}")
        if not -(2**63) <= self.entropy < 2**64:
            raise BadOption("the entropy is a number of at most 64 bits, not a longer one")
        knob_values(self.knobs)
        if self.fair_after < 1:
            raise BadOption(f"fair_after must be at least 1, not {self.fair_after}")

    @property
    def allowed(self) -> tuple[str, ...]:
        """The kinds of failures that are none here."""
        return tuple([kind.strip() for kind in self.allow.split(",") if kind.strip()])


@dataclass(frozen=True, slots=True)
class Program:
    """An async function with a name that a new process can find it by.

    name: ``path/to/file.py:function`` where it came from a file. wants_world: it takes the
    `World` as its one argument. observed: returns the same function from a copy of the module
    that reports its accesses (None: nothing to rewrite). again: how another process can make the
    same program (None: it cannot). packages: installed ones that are observed too, since the user
    wants it. fixtures: what each run is given, by name, and does not make itself. runtime: ``trio``
    or ``asyncio``, as its imports say; empty if nobody has looked. A pickle keeps the name alone.
    """

    function: Callable[..., Coroutine[Any, Any, object]]
    name: str
    wants_world: bool = False
    source: Path | None = None
    observed: Callable[[], Callable[..., Coroutine[Any, Any, object]]] | None = field(
        default=None, compare=False
    )
    again: tuple[Callable[..., Program], tuple[Any, ...]] | None = field(
        default=None, compare=False
    )
    packages: tuple[str, ...] = ()
    fixtures: Mapping[str, object] = field(default_factory=dict, compare=False)
    runtime: str = field(default="", compare=False)

    def __reduce__(self) -> tuple[Callable[..., Program], tuple[str, bool, Path | None]]:
        return _left_behind, (self.name, self.wants_world, self.source)


async def _elsewhere(*_: object) -> None:
    raise BadProgram("the program of this run is in another process")


def _left_behind(name: str, wants_world: bool, source: Path | None) -> Program:  # noqa: FBT001
    return Program(_elsewhere, name, wants_world=wants_world, source=source)


def as_program(program: Program | Callable[..., Any], name: str = "") -> Program:
    """Return ``program`` as a `Program`.

    Raises `BadProgram` if it is no function, or takes more than the world.
    """
    if isinstance(program, Program):
        return program
    if not callable(program):
        raise BadProgram(f"a program is an async function, not {program!r}")
    needed = needed_arguments(program)
    if needed > 1:
        raise BadProgram(
            f"{_spell(program)} needs {needed} arguments; a program takes none, or the world"
        )
    return Program(program, name or _spell(program), wants_world=takes_world(program))


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature of ``function``: of its code, if it claims one that is none.

    Raises `BadProgram` if there is no code to look at.
    """
    try:
        return inspect.signature(function)
    except Exception:  # noqa: BLE001 __signature__ may be anything
        code, given = getattr(function, "__code__", None), getattr(function, "__defaults__", None)
        if not isinstance(code, CodeType):
            raise BadProgram(f"{_spell(function)} does not say which arguments it takes") from None
        cells = tuple(CellType() for _ in code.co_freevars)
        return inspect.signature(FunctionType(code, {}, argdefs=given, closure=cells))


def needed_arguments(function: Callable[..., Any]) -> int:
    """Return how many arguments ``function`` cannot be called without."""
    return sum(
        p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        for p in signature_of(function).parameters.values()
    )


def takes_world(function: Callable[..., Any]) -> bool:
    """Return whether ``function`` wants the world: one needed argument, or one called world."""
    parameters = signature_of(function).parameters
    return needed_arguments(function) == 1 or "world" in parameters


def _spell(function: object) -> str:
    module = getattr(function, "__module__", "")
    return f"{module}:{getattr(function, '__qualname__', type(function).__name__)}"
