"""The calls by which a program ends its own process, or deafens it: what becomes of them in a run.

A run is one of thousands in its process, so none may end it: such a call ends the run alone, as a
failure. While a program is imported, there is no run to end, and the import is refused.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from raceexplore.kernel.errors import BadProgram
from raceexplore.kernel.fence.outside import line_of_the_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENDS = ("_exit", "abort", "execv", "execve")  # the others of os end in one of these
# signals that do nothing to a process that has not asked for them
HARMLESS = {
    getattr(signal, name, None) for name in ("SIGCHLD", "SIGURG", "SIGWINCH", "SIGCONT", "SIGINFO")
}
OURS = {getattr(signal, name, None) for name in ("SIGALRM", "SIGINT")} - {None}


class Place(Protocol):
    """Where the program is: in a run, in its import, or (neither) not running at all."""

    run: Any
    importing: bool


def patches(place: Place) -> Iterator[tuple[Any, str, Any]]:
    """Yield (owner, attribute, replacement) for each of these calls that this platform has."""
    for name in ENDS:
        if hasattr(os, name):
            yield os, name, _ending(place, getattr(os, name), f"os.{name}()")
    for owner, name in ((os, "kill"), (os, "killpg"), (signal, "raise_signal"),
                        (signal, "pthread_kill")):  # fmt: skip
        if hasattr(owner, name):
            yield owner, name, _sending(place, getattr(owner, name), f"{owner.__name__}.{name}()")
    for name, answer in (("signal", signal.SIG_DFL), ("setitimer", (0.0, 0.0)), ("alarm", 0)):
        if hasattr(signal, name):
            yield signal, name, _deafening(place, getattr(signal, name), answer)
    if hasattr(signal, "pthread_sigmask"):
        yield signal, "pthread_sigmask", _masking(place, signal.pthread_sigmask)


def end(place: Place, what: str) -> NoReturn:
    """End the run because of the call ``what``, or refuse the import."""
    if place.run is not None:
        place.run.end_process(what)
    raise BadProgram(f"{what}{line_of_the_program()} would end the process that imports it")


def _ending(place: Place, real: Callable[..., Any], what: str) -> Any:
    def ending(*args: Any, **kwargs: Any) -> Any:
        if place.run is None and not place.importing:
            return real(*args, **kwargs)
        end(place, what)

    return ending


def _sending(place: Place, real: Callable[..., Any], what: str) -> Any:
    """Return what stands for a call whose last argument is a signal to send."""

    def sending(*args: Any) -> Any:
        if (place.run is None and not place.importing) or not args or args[-1] == 0:
            return real(*args)
        number = args[-1]
        if number == signal.SIGINT and _is_own(args):
            raise KeyboardInterrupt
        if not _is_own(args):
            return place.run.leave(what, "subprocess") if place.run else real(*args)
        if number in HARMLESS or callable(signal.getsignal(number)):
            return real(*args) if number not in OURS else None
        name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
        return end(place, f"{what} with {name}")

    return sending


def _is_own(args: tuple[Any, ...]) -> bool:
    """Return whether the receiver, if one is named, is this process or its group."""
    own = (0, os.getpid(), os.getpgrp())
    return len(args) == 1 or args[0] in own or args[0] > 2**31


def _deafening(place: Place, real: Callable[..., Any], answer: Any) -> Any:
    """Return what stands for a call that would switch off what watches the import.

    The program is told that it has worked: to Python it makes no difference before a signal comes.
    """

    def deafening(first: Any, *args: Any) -> Any:
        timer = real.__name__ == "alarm" or (
            first == (signal.ITIMER_REAL if real.__name__ == "setitimer" else signal.SIGALRM)
        )
        if place.run is not None:
            return place.run.leave(f"signal.{real.__name__}()", "signal")
        return answer if place.importing and timer else real(first, *args)

    return deafening


def _masking(place: Place, real: Callable[..., Any]) -> Any:
    def pthread_sigmask(how: int, mask: Any) -> Any:
        if place.run is not None:
            return place.run.leave("signal.pthread_sigmask()", "signal")
        if place.importing and how != signal.SIG_UNBLOCK:
            mask = set(mask) - OURS
        return real(how, mask)

    return pthread_sigmask
