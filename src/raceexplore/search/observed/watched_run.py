"""Where each task stood after each event, and what its variables held, as bounded text."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import CO_VARARGS, CO_VARKEYWORDS
from typing import TYPE_CHECKING, Any, Final

from raceexplore.kernel.events.trace import Site
from raceexplore.kernel.program import Limits
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.standing.walk import frames, is_user_file
from raceexplore.search.observed.domain_texts import domain_texts
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.observed.outline import outline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

    from raceexplore.kernel.choice import Schedule
    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Program, Settings

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
    domain: after each event, what the program has named by `World.state`; see `domain_texts`.
    """

    run: Run
    chains: tuple[tuple[Frame, ...], ...]
    skipped: int = 0
    domain: tuple[tuple[tuple[str, str], ...], ...] = ()


def watched_run(
    program: Program,
    schedule: Schedule,
    *,
    settings: Settings,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
) -> Watched:
    """Run ``program`` on ``schedule``, observed with values, and look at the task of each event.

    A suspended task's chain does not change, so these chains give the state after any event. No
    code of the program runs for their texts.
    """
    chains: list[tuple[Frame, ...]] = []
    states: list[tuple[tuple[str, str], ...]] = []

    def watch(event: Event, coroutine: Any) -> None:
        chains.append(chain_of(coroutine))
        states.append(domain_texts())

    scheduler = Replay(schedule)
    run = observed_run(
        program, scheduler, limits=limits, settings=settings, values=True, watch=watch
    )
    return Watched(run, tuple(chains), len(scheduler.skipped), tuple(states))


def chain_of(coroutine: Any) -> tuple[Frame, ...]:
    """Return the await chain of a suspended coroutine as it is now; empty once it has ended."""
    return tuple(_chain(coroutine))


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
