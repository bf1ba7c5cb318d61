"""The race that a failing run shows, told in a sentence or two: who, what, where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from raceexplore.kernel.names import short_names
from raceexplore.report.story.contested import contested, short_labels
from raceexplore.report.story.rows import Part, RaceRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from raceexplore.kernel.outcome import Run
    from raceexplore.search.race_kinds.case import Point, Race

_GIVEN = "took", "gave it back"
# What a page writes below each step of a race, in the order of its points; else what was done.
_WORDS = {
    "lost wakeup": ("looks", "changes it", "", "waits for ever"),
    "ABA": ("reads", "changes it", "changes it back", "compares", "writes", "reads",
            "changes it"),
    "write skew": ("reads", "writes", "reads", "writes"),
    "lost update": ("stale read", "lost", "overwrites"),
    "leak on cancel": ("takes", "is cancelled"),
    "dirty read": ("writes", "dirty read", "takes it back", "acts on it"),
    "check-then-act": ("checks", "changes it", "acts on it"),
    "stale read": ("stale read", "changes it", "fails on it"),
}  # fmt: skip
ROUND = 4  # tasks of a cycle that are all told


def told(run: Run, race: Race | None) -> str:
    """Return ``race``, which ``run`` shows, in words; nothing of None."""
    return _Teller(run, race).tell(race) if race is not None else ""


def race_row(race: Race | None, labels: Mapping[str, str]) -> RaceRow | None:
    """Return ``race`` as a row; labels: what a reader calls each location."""
    if race is None:
        return None
    words = _WORDS.get(race.kind) or [""] * len(race.points)
    parts = {
        Part(point.event, said or point.did, labels.get(point.label, point.label)): None
        for point, said in zip(race.points, words, strict=True)
        if point.event >= 0
    }
    return RaceRow(race.kind, tuple(sorted(parts, key=lambda part: part.step)))


class _Teller:
    """Knows what the tasks, the locations and the places of one run are called."""

    def __init__(self, run: Run, race: Race) -> None:
        self._names = short_names(event.task for event in run.events)
        fought = contested(run.events)
        labels = [a.label for e in run.events for a in e.accesses if a.resource in fought]
        self._labels = short_labels([*labels, *(p.label for p in race.points if p.label)])
        self._main = str(run.program.source) if run.program.source else ""

    def tell(self, race: Race) -> str:
        how: dict[str, Callable[..., str]] = {
            "deadlock cycle": self._cycle,
            "lost wakeup": self._lost_wakeup,
            "ABA": self._aba,
            "write skew": self._write_skew,
            "lost update": self._lost_update,
            "leak on cancel": self._leak,
            "dirty read": self._dirty_read,
            "check-then-act": self._check_then_act,
            "stale read": self._stale_read,
        }
        return f"{race.kind[0].upper()}{race.kind[1:]}: {how[race.kind](*race.points)}."

    def _cycle(self, *points: Point) -> str:
        waits = [p for p in points if p.did == "waits for"]
        held = {p.task: p for p in points if p.did == "holds"}
        told = []
        for n, wait in enumerate(waits[:ROUND]):
            who, holder = self._who(wait), self._who(waits[(n + 1) % len(waits)])
            has = held.get(wait.task)
            holds = f"holds {self._what(has)} {self._at(has)} and " if has else ""
            told.append(f"{who} {holds}waits for {holder}'s {self._what(wait)} {self._at(wait)}")
        more = len(waits) - len(told)
        return "; ".join(told) + (f"; and so on round {more} more" if more else "")

    def _lost_wakeup(self, read: Point, change: Point, signal: Point, waits: Point) -> str:
        looked = f"{self._read(read)}, {self._change(change)}"
        waiter = self._who(read)
        if signal.did == "signalled":
            return (
                f"{looked} and signalled {self._at(signal)} before {waiter} began to wait"
                f" {self._at(waits)}, for ever"
            )
        return (
            f"{looked}, but its signal woke {self._who(signal)}, which could not go on and waits"
            f" again {self._at(signal)}; {waiter}, which could, waits for ever {self._at(waits)}"
        )

    def _aba(self, *points: Point) -> str:
        read, away, back, look, act, other, changed = points
        return (
            f"{self._read(read)}, {self._change(away)} and, later, {back.value} again"
            f" {self._at(back)}; {self._who(look)} found {look.value} {self._at(look)} and wrote"
            f" {self._set(act)}, though {self._what(other)}, which it had read as {other.value}"
            f" {self._at(other)}, had become {changed.value} {self._at(changed)}"
        )

    def _write_skew(self, read: Point, wrote: Point, seen: Point, changed: Point) -> str:
        return (
            f"{self._read(read)} and wrote {self._set(wrote)}; {self._read(seen)} and wrote"
            f" {self._set(changed)}; each had read before the other wrote"
        )

    def _lost_update(self, read: Point, between: Point, write: Point) -> str:
        value = write.value or "another value"
        return (
            f"{self._read(read)}, {self._change(between)} in between, and {self._who(write)}"
            f" wrote {value} over it {self._at(write)}"
        )

    def _leak(self, took: Point, cancelled: Point) -> str:
        verb, back = ("wrote", f"wrote {self._what(took)} again") if took.value else _GIVEN
        return (
            f"{self._who(took)} {verb} {self._set(took)}, was cancelled {self._at(cancelled)}, and"
            f" never {back}"
        )

    def _dirty_read(self, wrote: Point, read: Point, back: Point, act: Point) -> str:
        return (
            f"{self._who(wrote)} wrote {self._set(wrote)}, {self._who(read)} read it"
            f" {self._at(read)}, {self._who(back)} took it back and wrote {back.value}"
            f" {self._at(back)}, and {self._who(act)}, which relied on what it had read, wrote"
            f" {self._set(act)}"
        )

    def _check_then_act(self, read: Point, change: Point, act: Point) -> str:
        did = f"wrote {self._set(act)}" if act.did == "wrote" else f"failed {self._at(act)}"
        return f"{self._read(read)}, {self._change(change)}, and {self._who(act)} then {did}"

    def _stale_read(self, read: Point, change: Point, seen: Point) -> str:
        what = f"{self._what(seen)}{f' = {seen.value}' if seen.value else ''}"
        return (
            f"{self._read(read)}, {self._change(change)}, and {self._who(seen)}, which relied on"
            f" what it had read, failed at {what} {self._at(seen)}"
        )

    def _read(self, point: Point) -> str:
        return f"{self._who(point)} read {self._set(point)}"

    def _change(self, point: Point) -> str:
        value = point.value or "it"
        return f"{self._who(point)} wrote {value} {self._at(point)}"

    def _set(self, point: Point) -> str:
        value = f" = {point.value}" if point.value else ""
        return f"{self._what(point)}{value} {self._at(point)}"

    def _who(self, point: Point) -> str:
        return self._names.get(point.task, point.task)

    def _what(self, point: Point) -> str:
        return self._labels.get(point.label, point.label) or "it"

    def _at(self, point: Point) -> str:
        """Return the step and the line, with the file unless it is the program's own."""
        file, _, line = point.line.rpartition(":")
        place = f"line {line}" if file == self._main else f"{Path(file).name}:{line}"
        step = f"step {point.event}" if point.event >= 0 else ""
        return f"({', '.join(part for part in (step, place if line else '') if part)})"
