"""The process that starts every execution: it has loaded the program, and never runs it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Any, NoReturn

from raceexplore.debug.bisect import bisect
from raceexplore.debug.recording import Recording, record
from raceexplore.debug.session import Session, find, finish
from raceexplore.debug.wire import Ask, Carried
from raceexplore.kernel.errors import BadOption, Diverged, RaceExploreError
from raceexplore.kernel.fence.watchdog import attended
from raceexplore.search.processes.supervisor import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.debug.session import Wire
    from raceexplore.search.corpus.replay import Stored


Search = Callable[[Session, str, str], NoReturn]
SEARCHES: dict[str, Search] = {"find": find, "bisect": bisect}


class Crash(RaceExploreError):
    """A process of the debugger has ended without a word."""

    exit_status = 70


def recorded(stored: Stored, *, reasons: bool = True) -> Recording:
    """Return what a replay of ``stored`` shows, made in a process of its own.

    reasons: find out why it fails, too.
    Raises `BadOption` where processes cannot be forked, and what the replay raises.
    """
    if not hasattr(os, "fork"):
        raise BadOption("the debugger goes back by forking, which this platform cannot do")
    with _forked(lambda wire: wire.send(record(stored, reasons=reasons))) as wire:
        made = _receive(wire)
    if not isinstance(made, Recording):
        _give_up(made)
    return made


def debug(stored: Stored, recording: Recording, stop: int) -> int:
    """Let the user step through the run, from event ``stop`` (-1: the first `breakpoint()`).

    Returns the exit status of the replay: 1 failed, 0 passed. Raises `Diverged` if the replay
    was none of the stored failure.
    """
    with attended():
        _step_through(stored, recording, stop)
    if recording.diverged:
        raise Diverged(f"the replay diverged: {recording.diverged}")
    return int(recording.failed)


def _step_through(stored: Stored, recording: Recording, stop: int) -> None:
    """Start one execution after the other, each to where the last one has asked to go."""
    carried, introduce, catches = Carried(), True, stop < 0 or bool(recording.breakpoints)
    while True:

        def execute(wire: Wire) -> None:
            session = Session(stored, recording, wire)
            session.stop, session.catches = stop, catches and introduce  # noqa: B023
            session.execute(carried, introduce=introduce)  # noqa: B023

        with _forked(execute) as wire:
            ask = _converse(wire, stored, recording)
        if ask.what == "quit":
            return
        stop, carried, introduce = ask.number, ask.carried, False
        _remember(carried.lines)


def _converse(wire: Wire, stored: Stored, recording: Recording) -> Ask:
    """Answer what an execution asks until it wants another one, or the end."""
    while True:
        ask = _receive(wire)
        if not isinstance(ask, Ask) or ask.what in ("crash", "interrupted"):
            _give_up(ask)
        if ask.what not in SEARCHES:
            return ask
        first, _, text = ask.text.partition("\0")
        look = SEARCHES[ask.what]

        def search(inner: Wire, first: str = first, text: str = text, look: Search = look) -> None:
            look(Session(stored, recording, inner), first, text)

        with _forked(search) as inner:
            answer = _receive(inner)
        wire.send(answer)


def _give_up(ask: Any) -> NoReturn:
    if isinstance(ask, RaceExploreError):
        raise ask
    if ask.what == "interrupted":
        raise KeyboardInterrupt
    raise Crash(f"the debugged process has crashed: {ask.text}")


def _receive(wire: Wire) -> Any:
    try:
        return wire.recv()
    except EOFError:
        return Ask("crash", text="it was killed")


@contextmanager
def _forked(work: Callable[[Wire], object]) -> Iterator[Wire]:
    """Do ``work`` in a child, which talks by the wire; Ctrl-C is the child's affair."""
    here, there = Pipe()
    beneath, lifeline = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        here.close()
        os.close(lifeline)
        end_with_parent(beneath)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _child(there, work)
    there.close()
    os.close(beneath)
    try:
        yield here
    finally:
        here.close()
        os.waitpid(child, 0)
        os.close(lifeline)
        signal.signal(signal.SIGINT, before)


def _child(wire: Wire, work: Callable[[Wire], object]) -> NoReturn:
    try:
        work(wire)
    except KeyboardInterrupt:
        wire.send(Ask("interrupted"))
    except RaceExploreError as error:
        wire.send(error)
    except BaseException:  # noqa: BLE001 a child never returns into its parent's code
        wire.send(Ask("crash", text=traceback.format_exc()))
    finally:
        finish()


def _remember(lines: tuple[str, ...]) -> None:
    """Keep what was typed, so that the next prompt knows it."""
    with suppress(ImportError):
        import readline

        for line in lines:
            readline.add_history(line)
