"""One execution of the recorded run, in a process of its own: it stops, and asks for more."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NoReturn

from raceexplore.debug.expression import Expression
from raceexplore.debug.prompt import INTRODUCTION, EndPrompt, Prompt
from raceexplore.debug.recording import Noting, in_words, prefixes
from raceexplore.debug.tell import user_frames
from raceexplore.debug.wire import (
    Ask,
    Carried,
    Found,
    breakpoints_of,
    set_breakpoints,
    standard_input,
)
from raceexplore.kernel.fence.serving import paused
from raceexplore.kernel.run import run_once
from raceexplore.kernel.standing.still import still
from raceexplore.search.programs.silence import silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from raceexplore.debug.recording import Choice, Recording
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.standing.moment import Moment
    from raceexplore.search.corpus.replay import Stored

    Wire = Connection[Any, Any]


class Session:
    """The run in progress and its prompt. stop: the next event to stop at, or -1.

    catches: `breakpoint()` stops, too; it always does once the prompt has been reached.
    """

    moment: Moment

    def __init__(self, stored: Stored, recording: Recording, wire: Wire) -> None:
        self.stored, self.recording, self.wire = stored, recording, wire
        self.scheduler = Noting(stored.seed.schedule)
        self.stop, self.catches = -1, False
        self.digests: list[str] = []
        self.diverged = ""
        self.lines: list[str] = []
        self.quiet = ExitStack()
        self._fresh: Iterator[str] = iter(())

    @property
    def number(self) -> int:
        """The event that is about to run, or running; after the end, one more than the last."""
        return max(len(self.digests) - 1, 0)

    def execute(self, carried: Carried, *, introduce: bool) -> NoReturn:
        """Run to where it stops, prompt, and end this process."""
        stdin, stdout = standard_input(), sys.stdout
        self.prompt = Prompt(self, stdin, stdout)
        set_breakpoints(self.prompt, carried.breakpoints)
        self.prompt.aliases.update(carried.aliases)
        self.prompt.lastcmd = carried.lines[-1] if carried.lines else ""  # Enter says it again
        if introduce:
            self.prompt.message(f"{self.recording.ended}\n{INTRODUCTION}")
        self.quiet.enter_context(silence())
        sys.breakpointhook = self.called
        run = self.run(self.before)
        sys.settrace(None)
        self.arrive()
        self.follow_digests(run.events)
        self.prompt.message(f"-- the run has ended, {self._ending(run)}")
        EndPrompt(self, stdin, stdout).cmdloop()
        self.quit()

    def run(self, before: Callable[[Moment], object]) -> Run:
        """Run the program as recorded."""
        return run_once(
            self.stored.program,
            self.scheduler,
            limits=self.stored.limits,
            settings=self.stored.seed.settings,
            record=True,
            before=before,
        )

    def before(self, moment: Moment) -> None:
        """Stop before this event if it is the one."""
        self.moment = moment
        self.follow_digests(moment.events)
        if moment.number == self.stop:
            self.stop = -1
            self.prompt.arm(user_frames(moment.coroutine)[-1][0])

    def follow_digests(self, events: Any) -> None:
        """Compare the events so far with the recording."""
        if not self.digests:
            self._events: list[Any] = []
            self._fresh = iter(prefixes(_growing(self._events)))
            self.digests.append(next(self._fresh))
        for event in events[len(self._events) :]:
            self._events.append(event)
            self.digests.append(next(self._fresh))
            known = self.recording.digests[: len(self.digests)]
            if not self.diverged and known[-1] != self.digests[-1]:
                self.diverged = f"event {event.number} is not as recorded"

    def called(self, *_: object, **__: object) -> None:
        """Answer ``breakpoint()`` in the program."""
        if self.catches and os.environ.get("PYTHONBREAKPOINT") != "0":
            self.prompt.arm_here(sys._getframe(1))  # noqa: SLF001 the program's own frame

    def arrive(self) -> None:
        """Let the program be heard, and its breakpoints count: this is no catching up any more."""
        self.quiet.close()
        self.catches = True
        sys.breakpointhook = self.called

    def follow(self) -> None:
        """Stop at the next event."""
        self.stop = self.number + 1

    def choices(self) -> list[Choice]:
        """Return what the schedule has chosen so far."""
        return self.scheduler.choices

    def go(self, number: int) -> NoReturn:
        """Ask for an execution that stops before event ``number``."""
        self._leave(Ask("goto", number, carried=self._carried()))

    def quit(self) -> NoReturn:
        """End the session."""
        self._leave(Ask("quit", carried=self._carried()))

    def search(self, text: str, message: Callable[[str], None], *, halves: bool = False) -> None:
        """Go to the first event before which the expression ``text`` holds; say so if none.

        halves: take it for granted that it stays true once it is.
        """
        first = self.moment.path
        try:
            Expression(text, first)
        except SyntaxError as error:
            message(f"*** {error.msg}: {text}")
            return
        found = self._ask(Ask("bisect" if halves else "find", text=f"{first}\0{text}"))
        if found.number is not None:
            looked = f", if it stays true (looks: {found.looks})" if halves else ""
            message(f"-- {text.strip()}: first before event {found.number}{looked}")
            self.go(found.number)
        never = "does not hold before the last event" if halves else "holds before no event"
        message(f"*** {text.strip()}: {never}{found.error}")

    def _ask(self, ask: Ask) -> Found:
        """Return the answer. Ctrl-C ends the search, too, whose last word must be heard."""
        self.wire.send(ask)
        found, interrupted = None, False
        while found is None:
            try:
                found = self.wire.recv()
            except KeyboardInterrupt:
                interrupted = True
        if interrupted or not isinstance(found, Found):
            raise KeyboardInterrupt
        return found

    def _carried(self) -> Carried:
        prompt = self.prompt
        return Carried(breakpoints_of(prompt), dict(prompt.aliases), tuple(self.lines))

    def _leave(self, ask: Ask) -> NoReturn:
        self.wire.send(ask)
        finish()

    def _ending(self, run: Run) -> str:
        same = tuple(self.digests) == self.recording.digests
        how = "as recorded" if same and not self.diverged else "not as recorded"
        return f"{how}: {in_words(run)}"


def find(session: Session, first: str, text: str) -> NoReturn:
    """Execute the run, and tell the first event before which ``text`` holds.

    One run from the start, looking before every event: no expression needs to be monotone.
    """
    expression = Expression(text, first)
    held: list[int] = []

    def look(moment: Moment) -> None:
        session.follow_digests(moment.events)
        if held:
            return
        with still():
            if expression.holds(moment):
                held.append(moment.number)

    with silence():
        session.run(look)
    number = held[0] if held else None
    found = Found(number, expression.why(), len(session.recording.events))
    session.wire.send(untrusted(session) or found)
    finish()


def untrusted(session: Session) -> Found | None:
    """Return the answer of a search that has changed the run; None if it has not."""
    if not session.diverged:
        return None
    why = f" that can be trusted: evaluating it changes the run, {session.diverged}"
    return Found(None, why)


def finish() -> NoReturn:
    """End this process at once: what the program left behind is nobody's any more."""
    sys.stdout.flush()
    sys.stderr.flush()
    with paused():  # a program may not end its process, but we do
        os._exit(0)


def _growing(items: list[Any]) -> Iterator[Any]:
    """Yield the items of a list that grows meanwhile."""
    index = 0
    while True:
        yield items[index]
        index += 1
