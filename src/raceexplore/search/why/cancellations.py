"""The cancellations of a run, for a reader: who cancelled whom, and whose time was up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from raceexplore.kernel.events.cancels import CHOICE
from raceexplore.kernel.events.trace import Stop
from raceexplore.kernel.names import short_names
from raceexplore.kernel.standing.waits import WHAT

if TYPE_CHECKING:
    from collections.abc import Collection

    from raceexplore.kernel.events.cancels import Cancel
    from raceexplore.kernel.events.trace import Event, Site
    from raceexplore.kernel.outcome import Run

UNWINDING = ("Cancelled", "ExceptionGroup", "BaseExceptionGroup")
TASKS = 3  # that are named; the rest is counted
SENTENCES = 2
CHECKPOINTS = ("checkpoint", "checkpoint_if_cancelled", "cancel_shielded_checkpoint")


class Cancellations:
    """Answers who cancelled whom in one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._of = {victim: cancel for cancel in run.cancels for victim in cancel.victims}
        self._by: dict[int, list[Cancel]] = {}
        for cancel in run.cancels:
            if not cancel.deadline and (cancel.victims or cancel.called):
                self._by.setdefault(cancel.event, []).append(cancel)
        last = len(run.events)
        failed = (e.number for e in run.events if e.error and e.error not in UNWINDING)
        self._failed = next(failed, last)

    def of(self, event: int) -> Cancel | None:
        """Return the cancellation that ``event`` began with, if its cause is known."""
        return self._of.get(event)

    def by(self, event: int) -> list[Cancel]:
        """Return the scopes that ``event`` cancelled, if that is of interest to anybody."""
        return self._by.get(event, [])

    def author(self, cancel: Cancel) -> Event | None:
        """Return the event that has done it; None if its time was up."""
        known = not cancel.deadline and 0 <= cancel.event < len(self._run.events)
        return self._run.events[cancel.event] if known else None

    def tasks(self, cancel: Cancel) -> list[str]:
        """Return the paths of those whose code it has interrupted."""
        return list(dict.fromkeys(self._run.events[n].task for n in cancel.victims))

    def decisive(self) -> list[tuple[int, Cancel]]:
        """Return the events that began cancelled before anything failed, each with the cause.

        What is cancelled after a failure only cleans up.
        """
        last = self._failed
        return [(n, c) for n, c in sorted(self._of.items()) if c.event < last + c.deadline]


class CancelWords:
    """Tells the cancellations of one run."""

    def __init__(self, run: Run) -> None:
        self._run, self._facts = run, Cancellations(run)
        self._names = short_names(event.task for event in run.events)
        self._group = "group" if run.settings.runtime == "asyncio" else "nursery"
        self._main = str(run.program.source) if run.program.source else ""

    def of(self, event: Event) -> tuple[str, ...]:
        """Return what ``event``, which was cancelled, had waited for, and who has done it."""
        if not event.cancelled:
            return ()
        cancel = self._facts.of(event.number)
        parts = (wait_in_words(event.begin), self._cause(cancel) if cancel else "")
        return tuple(part for part in parts if part)

    def by(self, event: Event) -> str:
        """Return whom ``event`` cancels: ``ann (line 7)``; empty if nobody."""
        return "; ".join(self.whom(cancel) for cancel in self.calls(event))

    def calls(self, event: Event) -> list[Cancel]:
        """Return the cancellations that ``event`` makes, and a reader wants to see."""
        cancels = self._facts.by(event.number)
        return [c for c in cancels if c.called != CHOICE and (c.victims or c.called)]

    def whom(self, cancel: Cancel) -> str:
        """Return the names of those whose code ``cancel`` interrupts, else what it is called on."""
        paths = self._facts.tasks(cancel)
        names = [self._names.get(path, path) for path in paths]
        more = f" and {len(names) - TASKS} more" if len(names) > TASKS else ""
        scope = f"the scope of {self._place(cancel.opened)}" if cancel.opened else "a scope"
        return ", ".join(names[:TASKS]) + more if names else scope

    def sentences(self, spoken_of: Collection[int] = ()) -> list[str]:
        """Return the cancellations before the failure, in sentences; at most two.

        Those of which the report speaks anyway come first; spoken_of: their events.
        """
        events = self._run.events
        return [self._sentence(events[n], cancel) for n, cancel in self._told(spoken_of)]

    def events(self, spoken_of: Collection[int] = ()) -> set[int]:
        """Return the events of the cancellations that a report does not leave out."""
        return {number for n, c in self._told(spoken_of) for number in (n, c.event)}

    def _told(self, spoken_of: Collection[int]) -> list[tuple[int, Cancel]]:
        """Return the cancellations before the failure, those that are spoken of anyway first."""
        found = [(n, c) for n, c in self._facts.decisive() if c.deadline or c.called]
        found.sort(key=lambda pair: not {pair[0], pair[1].event} & set(spoken_of))
        return found[:SENTENCES]

    def _sentence(self, event: Event, cancel: Cancel) -> str:
        who, doing = self._names[event.task], wait_in_words(event.begin)
        place = self._place(f"{event.begin}") if event.begin.file else ""
        where = ", ".join(part for part in (f"step {event.number}", place) if part)
        return f"{who} is cancelled {doing} ({where}): {self._cause(cancel)}.".replace("  ", " ")

    def _cause(self, cancel: Cancel) -> str:
        author = self._facts.author(cancel)
        if cancel.called == CHOICE:
            return f"by choice ({CHOICE})"
        if author is None:
            opened = self._place(cancel.opened)
            return f"the deadline of {opened} has passed" if opened else "its deadline has passed"
        who = self._names.get(author.task, author.task)
        if cancel.called:
            return f"{who} cancels it (step {author.number}, {self._place(cancel.called)})"
        return f"{self.failing(author)} (step {author.number}), which cancels the {self._group}"

    def failing(self, author: Event) -> str:
        """Return what goes wrong in ``author``, which cancels a nursery: ``ann fails with ...``."""
        who = self._names.get(author.task, author.task)
        if author.error:
            return f"{who} fails with {author.error}"
        return f"{who}'s block fails" if author.end.stop is Stop.JOIN else f"{who} ends it"

    def order(self, event: Event) -> tuple[str, str]:
        """Return whom ``event`` cancels and where, as a side of an order; empty if it does not."""
        calls = sorted(self.calls(event), key=lambda cancel: not cancel.victims)
        if not calls:
            return "", ""
        return f"cancels {self.whom(calls[0])}", self._place(calls[0].called)

    def _place(self, line: str) -> str:
        file, _, number = line.rpartition(":")
        if not file:
            return ""
        return f"line {number}" if file == self._main else f"{Path(file).name}:{number}"


def wait_in_words(site: Site) -> str:
    """Return what a task was doing that was cancelled at ``site``, as ``while it sleeps``."""
    kind, _, call = site.call.rpartition(".")
    if site.stop is Stop.SLEEP:
        return "while it sleeps"
    if call in CHECKPOINTS:
        return "at a checkpoint"
    if site.stop is Stop.JOIN:
        return "while it waits for the tasks of its nursery"
    what = WHAT.get(kind.lstrip("_")) or site.call
    return f"while it waits for {what}" if what else ""
