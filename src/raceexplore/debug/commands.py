"""The commands that the debugger adds to those of pdb."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from raceexplore.debug import tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from raceexplore.debug.session import Session

ALIASES = {"next-event": "next_event", "b-ack": "back", "ne": "next_event"}
INTRODUCTION = """\
Ours: tasks, where TASK, event, why; next-event (ne), back [N], goto N, until EXPR, bisect EXPR.
Pdb's: n, s, c, r, p, w, u, d, l, b, ... An event is what a task does between two awaits."""


class Travel(ABC):
    """The commands that lead to other events; they work after the end of the run, too."""

    session: Session
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

    def do_tasks(self, arg: str) -> None:
        """List all tasks, whether each is ready or waiting, and where it stands."""
        self.say(tell.task_lines(self.session.moment))

    def do_event(self, arg: str) -> None:
        """Tell what the recording says of this event, and the digest of those before."""
        session = self.session
        number = session.number
        self.say(tell.event_lines(session.recording.events[number], session.digests[number]))

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
