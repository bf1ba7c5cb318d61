"""How a run that has ended is judged: passed, cut, or failed, and with which failure."""

from __future__ import annotations

import linecache
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import trio

from raceexplore.kernel.errors import Interrupted, RaceExploreError, Stuck
from raceexplore.kernel.events.trace import NOWHERE, Site
from raceexplore.kernel.fence.hostile import cause_of, name_of
from raceexplore.kernel.fence.watchdog import STUCK, watchdog
from raceexplore.kernel.outcome import Failure, from_exception, leaves, shorten
from raceexplore.kernel.program import ENDLESS, SWALLOWED
from raceexplore.kernel.standing.waits import NURSERY, Wait, cycle, describe

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from raceexplore.kernel.program import Limits


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended, as the run loop and the recorder know it.

    verdict: why the loop stopped before the program did; see `Loop`. error: what the program
    raised. failure: what failed while it ran. waits: what the tasks still alive wait for; leaked:
    the main task is not among them. swallowed: who went on after being cancelled,
    where, and what became of the cancellation. endings: the errors that ended tasks, in the order
    of time. lasting: the paths of the tasks that would go on for ever.
    """

    verdict: str | BaseException
    steps: int
    error: BaseException | None
    failure: Failure | None
    waits: list[Wait]
    leaked: bool
    swallowed: tuple[str, Site, str] | None
    endings: Sequence[BaseException] = ()
    lasting: frozenset[str] = frozenset()


def judge(end: End, limits: Limits, allowed: Container[str] = ()) -> tuple[Failure | None, str]:
    """Return the failure, or why the run was cut; neither if it passed.

    allowed: kinds of failure that are none.

    Raises what is not the program's own: errors of ours or of a scheduler, and Ctrl-C.
    """
    verdict = end.verdict
    if isinstance(verdict, Interrupted):
        raise KeyboardInterrupt from None
    if isinstance(verdict, BaseException):
        raise verdict
    if end.failure is not None:
        return end.failure, ""
    if verdict in ("deadlock", "livelock", "endless"):
        return _endless(end, allowed) if verdict == "endless" else (_blocked(end), "")
    if verdict:
        cuts = {
            "steps": f"{limits.steps:,} events were not enough; raise the limit of steps",
            "virtual_s": f"virtual time passed the limit of {limits.virtual_s:g} s",
        }
        return None, cuts.get(verdict, verdict)
    if end.error is not None:
        return _raised(end.error, end.endings)
    swallowed = None if SWALLOWED in allowed else end.swallowed
    return swallowed and _swallowed(*swallowed), ""


def _raised(error: BaseException, endings: Sequence[BaseException]) -> tuple[Failure | None, str]:
    """Judge a program that ended with ``error``."""
    for leaf in leaves(error):
        kind = type(leaf)  # what its class says that it is, may be a lie
        # where Ctrl-C comes to us alone, this one was raised by the program
        ctrl_c = issubclass(kind, KeyboardInterrupt) and not watchdog.hears
        if issubclass(kind, RaceExploreError) or ctrl_c:
            raise leaf
        if issubclass(kind, Interrupted):
            raise KeyboardInterrupt from None
        if issubclass(kind, Stuck):
            return None, f"{leaf} {STUCK}"
    cause = cause_of(error)
    if issubclass(type(error), trio.TrioInternalError) and cause is not None:
        # trio has called the program's code, and it crashed in trio's hands
        failure = from_exception(cause, "TrioInternalError")
        name = name_of(type(leaves(cause)[0]))
        message = f"{name} in a system task, an abort function or run_sync_soon: {failure.message}"
        return replace(failure, message=message, exception=error), ""
    return from_exception(error, endings=endings), ""


def _swallowed(path: str, site: Site, said: str) -> Failure:
    """Return the failure of a task that was cancelled and ended as if it had not been."""
    kind = SWALLOWED
    source = linecache.getline(site.file, site.line).strip()
    return Failure(
        kind,
        f"{path} was cancelled at {site}, but {said}: something caught it and did not raise it"
        " again",
        shorten(kind, site.function, source),
        site,
        (f"{path} was cancelled at {site} in {site.function}: {source}",),
    )


def _endless(end: End, allowed: Container[str]) -> tuple[Failure | None, str]:
    """Judge a run that would go on as it did for ever: some tasks wait, others sleep and wake."""
    names = {wait.task for wait in end.waits}
    stuck = [w for w in end.waits if w.task not in end.lasting and not _joins(w, names)]
    beat = " and ".join(sorted(name.rpartition("/")[2].partition("#")[0] for name in end.lasting))
    go, touch = ("goes", "touches") if len(end.lasting) == 1 else ("go", "touch")
    only = f"only {beat} {go} on, and {touch} nothing that anyone waits for"
    if not stuck or ENDLESS in allowed:
        return None, f"it would never end: {only}"
    first = stuck[0]
    more = f", and so {'does' if len(stuck) == 2 else 'do'} {len(stuck) - 1} more" * (
        len(stuck) > 1
    )
    message = (
        f"{first.task} waits for ever at line {first.site.line} for {first.what}{more}; {only}"
    )
    identity = sorted({f"{w.task} {w.site.function} {w.what}" for w in stuck})
    details = tuple(describe(end.waits))
    fingerprint = shorten(ENDLESS, *identity)
    return Failure(ENDLESS, message, fingerprint, first.site, details, waits=tuple(end.waits)), ""


def _joins(wait: Wait, alive: set[str]) -> bool:
    """Return whether it waits for tasks to end, one of which goes on, or waits for others."""
    return wait.what == NURSERY and bool(alive.intersection(wait.holders))


def _blocked(end: End) -> Failure:
    """Return the deadlock, the leak or the livelock that the tasks still alive are in."""
    found, kind = end.waits, str(end.verdict)
    stuck = [wait for wait in found if wait.what != NURSERY]
    count = f"{len(stuck)} task{'s' * (len(stuck) != 1)}"
    lines = describe(found)
    if kind == "livelock":
        places = ", ".join(f"{w.task} at {w.site}" for w in found[:4])
        message = f"{end.steps:,} events without virtual time moving: {places}"
        lines = [f"{w.task} goes round through {w.site}" for w in found]
    elif end.leaked:
        kind, message = "leaked task", f"the program has ended, but {count} never will"
    else:
        ring = cycle(found)
        message = f"{count} wait{'s' * (len(stuck) == 1)} for ever"
        message += f"; cycle of lock owners: {' -> '.join([*ring, ring[0]])}" if ring else ""
    identity = sorted({f"{w.task} {w.site.function} {w.what}" for w in found})
    site = stuck[0].site if stuck else NOWHERE
    return Failure(kind, message, shorten(kind, *identity), site, tuple(lines), waits=tuple(found))
