"""The commands that the debugger adds to those of pdb."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from raceexplore.debug import tell
from raceexplore.search.observed.domain_texts import domain_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from raceexplore.debug.recording import Choice, Recording
    from raceexplore.kernel.standing.moment import Moment

ALIASES = {"next-event": "next_event", "b-ack": "back", "ne": "next_event"}


class Travelled(Protocol):
    """A run that one may go about in, also after its end."""

    recording: Recording
    lines: list[str]  # the commands given so far

    @property
    def number(self) -> int:
        """The event that is about to run; after the end, one more than the last."""

    def go(self, number: int) -> NoReturn:
        """Ask for an execution that stops before event ``number``."""

    def search(self, text: str, message: Callable[[str], None], *, halves: bool = False) -> None:
        """Go to the first event before which the expression ``text`` holds."""

    def quit(self) -> NoReturn:
        """End the session."""


class Stopped(Travelled, Protocol):
    """A run that stands still before an event."""

    moment: Moment
    digests: list[str]  # of the events before; the last is this event's
    stop: int  # the next event to stop at, or -1
    diverged: str  # why this is no longer the recorded run; empty while it is

    def choices(self) -> list[Choice]:
        """Return what the schedule has chosen so far."""

    def follow(self) -> None:
        """Stop at the next event."""

    def arrive(self) -> None:
        """Let the program be heard, and its breakpoints count."""


class Travel(ABC):
    """The commands that lead to other events; they work after the end of the run, too."""

    session: Travelled
    prompt = "(rx) "

    @abstractmethod
    def message(self, text: str) -> None:
        """Print a line."""

    def say(self, lines: Iterable[str]) -> None:
        """Print lines."""
        for line in lines:
            self.message(line)

    def respell(self, line: str) -> str:
        """Return ``line`` with a command that holds a hyphen spelt as Python can name it."""
        first, blank, rest = line.strip().partition(" ")
        return ALIASES.get(first, first) + blank + rest

    def do_back(self, arg: str) -> None:
        """Go N events back (default 1): back [N], also b-ack. The run is executed again."""
        number = self.session.number
        steps = _count(arg, 1)
        if steps is None:
            self.message(f"*** back takes a number of events, not {arg!r}")
        elif number == 0:
            self.message("*** this is the first event")
        else:
            self.session.go(max(number - steps, 0))

    def do_goto(self, arg: str) -> None:
        """Go to just before event N: goto N. The run is executed again from its start."""
        number, total = _count(arg), len(self.session.recording.events)
        if number is None or number >= total:
            self.message(f"*** goto takes the number of an event, 0 to {total - 1}, not {arg!r}")
        else:
            self.session.go(number)

    def do_until(self, arg: str) -> Any:
        """Go to the first event of the run before which an expression holds: until EXPR.

        EXPR may use the variables of any task: those of the task that acts now come first, then
        the others' in the order they were spawned, each innermost call first, then globals.
        Where a name is missing, EXPR does not hold. A line number or nothing: as in pdb.
        """
        self.session.search(arg, self.message)

    def do_bisect(self, arg: str) -> Any:
        """As until, for an expression that stays true once it is: bisect EXPR.

        It looks at few events, and finds one before which EXPR holds, while it does not before the
        event before; if EXPR is true now and then, that need not be the first.
        """
        self.session.search(arg, self.message, halves=True)

    def do_quit(self, arg: str) -> Any:
        """End the session: q(uit). The exit status is that of the replay."""
        self.session.quit()

    do_q = do_exit = do_quit

    def do_EOF(self, arg: str) -> Any:  # noqa: N802 the name that cmd looks for
        """End the session, as q does; the shell's prompt gets a line of its own."""
        self.message("")
        self.session.quit()


class Look(Travel):
    """The commands that look at the event that is about to run."""

    session: Stopped

    def do_tasks(self, arg: str) -> None:
        """List all tasks, whether each is ready or waiting, and where it stands."""
        self.say(tell.task_lines(self.session.moment))

    def do_event(self, arg: str) -> None:
        """Tell what the recording says of this event, and the digest of those before."""
        session = self.session
        number = session.number
        self.say(tell.event_lines(session.recording.events[number], session.digests[number]))

    def do_domain(self, arg: str) -> None:
        """Print what the program has named by `World.state`, as it is now."""
        rows = domain_texts()
        self.say(f"{name} = {text}" for name, text in rows)
        if not rows:
            self.message("the program names no state: world.state('stock', lambda: shop.stock)")

    def do_why(self, arg: str) -> None:
        """Tell why this task acts now, and why the run fails: > marks what is about this event."""
        session = self.session
        recording = session.recording
        self.say(tell.why_lines(session.moment, recording.events, session.choices()))
        self.say(tell.reason_lines(recording.reasons, session.number))

    def do_next_event(self, arg: str) -> Any:
        """Go on to the next event, whichever task does it: next-event, also ne."""
        self.session.stop = self.session.number + 1
        return self.do_continue(arg)

    @abstractmethod
    def do_continue(self, arg: str) -> Any:
        """Go on."""


def _count(arg: str, default: int | None = None) -> int | None:
    text = arg.strip()
    if not text:
        return default
    return int(text) if text.isdecimal() else None
