"""Where each task stood after each event, and what its variables held, as bounded text."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import CO_VARARGS, CO_VARKEYWORDS
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from raceexplore.kernel.events.trace import Site
from raceexplore.kernel.program import Limits
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.standing.walk import frames, is_user_file
from raceexplore.observe.effects.values import CONTAINERS, namespace
from raceexplore.search.observed.observed_run import observed_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

    from raceexplore.kernel.choice import Schedule
    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Program, Settings

TEXT_LENGTH: Final = 80
ITEMS_MAX: Final = 6
VARIABLES_MAX: Final = 30
FRAMES_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class Frame:
    """One call on a task's await chain. variables: (name, text) pairs, of the program's own code.

    own: the code is the program's, not trio's or Python's.
    """

    site: Site
    own: bool
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """A run, and after each event the await chain of the task that did it, outermost first.

    An empty chain: the task has ended with that event. skipped: deviations that found no place.
    """

    run: Run
    chains: tuple[tuple[Frame, ...], ...]
    skipped: int = 0


def watched_run(
    program: Program,
    schedule: Schedule,
    *,
    settings: Settings,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
) -> Watched:
    """Run ``program`` on ``schedule``, observed with values, and look at the task of each event.

    A suspended task's chain does not change, so these chains give the state after any event. No
    code of the program runs for the texts.
    """
    chains: list[tuple[Frame, ...]] = []

    def watch(event: Event, coroutine: Any) -> None:
        chains.append(chain_of(coroutine))

    scheduler = Replay(schedule)
    run = observed_run(
        program, scheduler, limits=limits, settings=settings, values=True, watch=watch
    )
    return Watched(run, tuple(chains), len(scheduler.skipped))


def chain_of(coroutine: Any) -> tuple[Frame, ...]:
    """Return the await chain of a suspended coroutine as it is now; empty once it has ended."""
    return tuple(_chain(coroutine))


def outline(value: object, depth: int = 2) -> str:
    """Return ``value`` in at most 80 characters, found without running code of the program."""
    text = _outline(value, depth)
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - 1] + "…"


def _chain(coroutine: Any) -> Iterator[Frame]:
    for frame, line in frames(coroutine)[:FRAMES_MAX]:
        code = frame.f_code
        own = is_user_file(code.co_filename)
        site = Site(code.co_filename, line, code.co_qualname)
        yield Frame(site, own, tuple(_variables(frame)) if own else ())


def _variables(frame: FrameType) -> Iterator[tuple[str, str]]:
    code, values = frame.f_code, frame.f_locals
    for name in _names(code):
        if name in values:
            yield name, outline(values[name])


def _names(code: CodeType) -> list[str]:
    """Return the variables of ``code``, its arguments first; not those that observing adds."""
    stars = bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    count = code.co_argcount + code.co_kwonlyargcount + stars
    free = (*code.co_varnames[:count], *code.co_cellvars, *code.co_varnames, *code.co_freevars)
    own = [name for name in dict.fromkeys(free) if not name.startswith(("__rx", "__class__"))]
    return own[:VARIABLES_MAX]


def _outline(value: object, depth: int) -> str:
    kind = type(value)
    if kind in (str, bytes):
        cut = value[:TEXT_LENGTH]  # type: ignore[index]  # a repr of all of it may be huge
        return repr(cut) + ("…" if len(cut) < len(value) else "")  # type: ignore[arg-type]
    if kind is int:
        bits = int.bit_length(value)  # type: ignore[arg-type]
        return repr(value) if bits <= 256 else f"int of {bits} bits"
    if kind in (bool, float, complex, type(None)):
        return repr(value)
    if kind in CONTAINERS:
        return _container(value, depth)
    if issubclass(kind, type):
        return f"class {_class_name(value)}"
    name = _class_name(kind)
    inside = {} if depth < 1 or _is_foreign(kind) else namespace(value)
    shown = [f"{k}={_outline(v, depth - 1)}" for k, v in list(inside.items())[:ITEMS_MAX]]
    return f"{name}({', '.join(shown)})" if shown else name


def _container(value: Any, depth: int) -> str:
    name, size = type(value).__name__, len(value)
    if depth < 1 or not size:
        return f"{name} of {size}"
    if isinstance(value, (set, frozenset)) and size > ITEMS_MAX:
        return f"{name} of {size}"  # which of them come first is no fact of the run
    if isinstance(value, dict):
        pairs = islice(value.items(), ITEMS_MAX)
        shown = [f"{_outline(k, 0)}: {_outline(v, depth - 1)}" for k, v in pairs]
    else:
        shown = [_outline(item, depth - 1) for item in islice(value, ITEMS_MAX)]
        if isinstance(value, (set, frozenset)):
            shown.sort()
    left = f", … {size - ITEMS_MAX} more" if size > ITEMS_MAX else ""
    return f"{name}({', '.join(shown)}{left})"


def _class_name(kind: Any) -> str:
    return str(type.__dict__["__name__"].__get__(kind))  # a metaclass has no say


def _is_foreign(kind: type) -> bool:
    module = type.__dict__["__module__"].__get__(kind)
    return str(module).partition(".")[0] in ("trio", "builtins")
