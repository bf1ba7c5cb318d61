"""Why a run fails, in words: the orders that suffice, and what each deviation turns round."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.choice import TIMES
from raceexplore.kernel.events.footprint import OPAQUE
from raceexplore.kernel.events.trace import QUEUES, Kind
from raceexplore.kernel.names import short_names
from raceexplore.search.why.cancellations import CancelWords, wait_in_words
from raceexplore.search.why.order_constraints import RUNS, WRITES, Index
from raceexplore.search.why.sufficient import DRAWS_ALONE, NO_NEED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.choice import Deviation
    from raceexplore.kernel.events.trace import Access, Event
    from raceexplore.search.why.broken_orders import Conflict, Side
    from raceexplore.search.why.order_constraints import Anchor
    from raceexplore.search.why.why import Reason, Why


NEUTRAL = {
    "latency": "every latency at its median",
    "tie": "no call ending just at a deadline",
    "fault": "no fault",
    "data": "the simplest data",
}


CODE = 50  # characters of a line of source, inside a sentence


class Told(NamedTuple):
    """One side of an order in words.

    who: the task. what: what it does, with the value. where: ``line 7``, with the file unless it is
    the program's own. event: its number in the failing run; -1 if it did not come to it there.
    """

    who: str
    what: str
    where: str
    event: int

    def __str__(self) -> str:
        step = f"step {self.event}" if self.event >= 0 else ""
        place = ", ".join(part for part in (step, self.where) if part)
        return f"{self.who} {self.what}" + (f" ({place})" if place else "")


class Words:
    """Tells the reasons of one failure."""

    def __init__(self, why: Why) -> None:
        self.why, self._index = why, Index(why.run.events)
        source = why.run.program.source
        self._main = source.name if source is not None else ""
        self._cancels = CancelWords(why.run)
        sides = [side for c in _conflicts(why) for side in (c.constraint.first, c.constraint.then)]
        self._names = short_names(event.task for event in why.run.events)
        self._kinds = {side.label.partition("#")[0]: set[str]() for side in sides}
        for side in sides:
            numbered = re.match(r"[^.\[]*#\d+", side.label)
            self._kinds[side.label.partition("#")[0]].add(numbered[0] if numbered else "")

    def orders(self) -> list[tuple[Told, Told]]:
        """Return the orders that suffice: what comes first, and what comes after it."""
        return [self._order(conflict) for conflict in self.why.orders.needed]

    def events(self) -> tuple[int, ...]:
        """Return the numbers of the events of the failing run that are told of."""
        told = [self._order(conflict) for conflict in _conflicts(self.why)]
        return tuple(side.event for order in told for side in order if side.event >= 0)

    def claim(self) -> str:
        """Return what is claimed of the orders, in a sentence; if there are none, why not.

        Of a default schedule that fails: the orders that make it pass, or that nothing does. Empty
        where nobody has looked.
        """
        found = self.why.orders
        with_draws = f" with {', '.join(map(self._drawn, found.draws))}" if found.draws else ""
        if found.refusal:
            return self._refusal(with_draws)
        if not found.needed:
            return ""
        draws = [d for d in self.why.run.schedule.deviations if d.kind != "task"]
        if draws and not found.draws:
            with_draws = f", with {' and '.join(dict.fromkeys(NEUTRAL[d.kind] for d in draws))},"
        count = len(found.needed)
        if found.cure is not None:
            one = "One ordering makes" if count == 1 else f"{count} orderings together make"
            return f"{one} the default schedule{with_draws} pass:"
        if count == 1:
            return (
                f"One ordering decides it: keep it and the default schedule{with_draws} fails,"
                " reverse it and it does not."
            )
        return (
            f"{count} orderings together decide it: keep all and the default schedule{with_draws}"
            " fails, leave out any one and it does not."
        )

    def _refusal(self, with_draws: str) -> str:
        """Return why no orders explain it; empty if there is nothing to say."""
        found = self.why.orders
        if found.refusal == NO_NEED:
            return ""
        if found.refusal == DRAWS_ALONE:
            ends = "passes" if found.cure else "fails"
            return f"No order of accesses explains it: the default schedule{with_draws} {ends}."
        return f"{found.refusal[0].upper()}{found.refusal[1:]}."

    def _drawn(self, draw: Deviation) -> str:
        """Return a draw with its value: ``ann's price taking 2.487 s``."""
        path, _, label = draw.at.partition(":")
        name = f"{self._names.get(path, path)}'s {label}" if path else label  # no path: anybody's
        for _, value in self._draw(draw):
            return (
                f"{name} taking {float(value):.4g} s" if draw.kind in TIMES else f"{name} = {value}"
            )
        return f"{name} drawn as option {draw.take}"

    def _draw(self, draw: Deviation) -> list[tuple[int, str]]:
        """Return the event and the value of ``draw``, in a list; empty if it did not happen."""
        path, _, label = draw.at.partition(":")
        drawn = [
            (event.number, value)
            for event in (self.why.orders.cure or self.why.run).events
            for name, _, value in event.draws
            if path in {"", event.task} and name == label
        ]
        return drawn[draw.nth : draw.nth + 1]

    def lines(self) -> list[str]:
        """Return the claim and the orders, a sentence each."""
        orders = [f"{first} before {then}" for first, then in self.orders()]
        return [self.claim(), *orders] if self.claim() else []

    def places(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield each line that there is to say, with the events of the run that it is about."""
        starts: dict[tuple[str, int], tuple[int, ...]] = {
            (e.task, e.nth): (e.number + 1,) for e in self.why.run.events
        }
        for number, reason in enumerate(self.why.reasons):
            deviation = reason.deviation
            where = starts.get((deviation.at, deviation.nth), ())
            if deviation.kind != "task":
                where = tuple(event for event, _ in self._draw(deviation))
            yield f"deviation {number + 1}: {self.reason(reason)}", where
        if claim := self.claim():
            yield claim, ()
        for first, then in self.orders():
            yield f"{first} before {then}", (first.event, then.event)

    def reason(self, reason: Reason) -> str:
        """Return what one deviation is for."""
        if reason.conflict is None:
            return f"without it no access changes places, and the program {reason.instead}"
        first, then = self._order(reason.conflict)
        return (
            f"without it {then.who} {_bare(then.what)} ({then.where}) before {first.who}"
            f" {_bare(first.what)} ({first.where}), and the program {reason.instead}"
        )

    def aim(self, index: int, actor: str) -> str:
        """Return in a few words what the deviation ``index``, told of ``actor``, is for."""
        reason = self.why.reasons[index] if 0 <= index < len(self.why.reasons) else None
        if reason is None or reason.conflict is None:
            return ""
        first, then = self._order(reason.conflict)
        if first.who == self._names.get(actor, actor):
            return f"before {then.who} {_bare(then.what)}"
        return f"so that {first.who} {_bare(first.what)} first"

    def value(self) -> dict[str, Any]:
        """Return all of it as values that JSON can hold."""
        found, reasons = self.why.orders, self.why.reasons
        return {
            "claim": self.claim(),
            "passes": found.cure is not None,
            "orders": [self._value(conflict) for conflict in found.needed],
            "draws": [list(draw) for draw in found.draws] if found.needed else [],
            "time": found.settings.time,
            "deviations": [
                {
                    "deviation": list(reason.deviation),
                    "turns": self._value(reason.conflict) if reason.conflict else [],
                    "without": reason.instead,
                    "text": self.reason(reason),
                }
                for reason in reasons
            ],
        }

    def _value(self, conflict: Conflict) -> list[dict[str, Any]]:
        anchors = conflict.constraint.first, conflict.constraint.then
        sides = []
        for anchor, told in zip(anchors, self._order(conflict), strict=True):
            access = self._index.access(anchor)
            sides.append(
                {
                    "task": anchor.deed.task,
                    "does": anchor.deed.what,
                    "resource": anchor.label,
                    "before": access.before if access is not None else "",
                    "after": access.after if access is not None else "",
                    "file": anchor.file,
                    "line": anchor.line,
                    "event": told.event,
                    "text": str(told),
                }
            )
        return sides

    def _order(self, conflict: Conflict) -> tuple[Told, Told]:
        first, then = conflict.constraint.first, conflict.constraint.then
        return self._side(first, conflict.first), self._side(then, conflict.then)

    def _side(self, anchor: Anchor, seen: Side) -> Told:
        number = self._index.find(anchor)
        event = seen.event if number is None else self.why.run.events[number]
        access = self._index.access(anchor)
        values = (access.before, access.after) if access is not None else ("", "")
        kind = anchor.kind if access is None else access.kind
        what, where = self._what(anchor, kind, event, values), self._where(anchor, event)
        name = self._names.get(anchor.deed.task, anchor.deed.task)
        if number is not None and _may_cancel(anchor, access):
            cancels, place = self._cancels.order(event)
            what, where = cancels or what, place or where
        return Told(name, what, where, -1 if number is None else number)

    def _where(self, anchor: Anchor, event: Event) -> str:
        """Return the line; of a task whose function is a library's own, the call it stands in."""
        if not anchor.file:
            return f"in {event.begin.call}" if event.begin.call else ""
        own = self._main == anchor.file
        return f"line {anchor.line}" if own else f"{anchor.file}:{anchor.line}"

    def _what(self, anchor: Anchor, kind: Kind, event: Event, values: tuple[str, str]) -> str:
        label = self._label(anchor.label)
        if anchor.deed.what == RUNS or anchor.deed.resource == OPAQUE:
            interrupted = f"is cancelled {wait_in_words(event.begin)}".rstrip()
            return interrupted if event.cancelled else "goes on"
        if kind is Kind.SCOPE:
            return f"fails with {event.error}" if event.error else "cancels others"
        if kind in QUEUES and label.endswith(".(queue)"):
            return f"asks for {label.removesuffix('.(queue)')}"
        if kind in QUEUES and label.endswith(".(free)"):
            return f"gives back {label.removesuffix('.(free)')}"
        return _access(anchor, label, *values)

    def _label(self, label: str) -> str:
        """Return ``label`` without the number of the object where only one of its type is told."""
        kind = label.partition("#")[0]
        alone = len(self._kinds.get(kind, ())) == 1
        return re.sub(r"#\d+", "", label, count=1) if alone else label


def _may_cancel(anchor: Anchor, access: Access | None) -> bool:
    """Return whether ``anchor`` is a cancellation: of a scope, or of a wait for something.

    What trio does to the queue that a cancelled task stood in is done on no line of the program.
    """
    if anchor.deed.what != WRITES:
        return False
    if access is None:
        return anchor.kind is Kind.SCOPE
    return access.kind is Kind.SCOPE or (access.kind in QUEUES and not access.line)


def _access(anchor: Anchor, label: str, before: str, after: str) -> str:
    if anchor.deed.what != WRITES:
        return f"reads {label}" + (f" = {before}" if before else "")
    if anchor.code and not (before or after):
        return f"does {_short_code(anchor.code)}"  # it has no value: an event, a channel
    was = f"{before} -> " if before else ""
    return f"writes {label}" + (f" = {was}{after}" if after else "")


def _short_code(line: str) -> str:
    return f"`{line if len(line) <= CODE else line[: CODE - 3] + '...'}`"


def _conflicts(why: Why) -> list[Conflict]:
    turned = [reason.conflict for reason in why.reasons if reason.conflict is not None]
    return [*why.orders.needed, *turned]


def _bare(what: str) -> str:
    """Return what is done without the value, which is another one in another run."""
    return what.partition(" = ")[0]
