"""Gaps: a scheduler that follows short lists of (gap, alternative), one list a kind of choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.choice import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.outcome import Run

NEVER = 1 << 62

Move = tuple[int, int]


class _Track:
    """The moves of one kind, counted down at its choice points; ``left`` until the next one."""

    __slots__ = ("_alternative", "_began", "_moves", "asked_before", "left", "taken")

    def __init__(self, moves: Sequence[Move]) -> None:
        self._moves: Iterator[Move] = iter(moves)
        self.taken = -1
        self.asked_before = 0
        self._began = self.left = 0
        self._advance()

    def _advance(self) -> None:
        self.taken += 1
        self.left, self._alternative = next(self._moves, (NEVER, 0))
        self._began = self.left

    def take(self, bound: int) -> int:
        """Return the index that the move due now takes, and get ready for the next one."""
        index = 1 + self._alternative % (bound - 1)
        self.asked_before += self._began + 1
        self._advance()
        return index

    @property
    def asked(self) -> int:
        """The choice points passed so far."""
        return self.asked_before + self._began - self.left


class Gaps:
    """Take alternative ``a`` (modulo the others) after ``g`` choice points; else option 0.

    moves: for each kind of `KINDS`, its (gap, alternative) pairs. A gap counts the choice points
    of that kind, each with more than one option, that are answered with 0 since the last move.
    After the run, ``asked`` and ``beyond`` tell how many choice points of each kind there were
    and how many moves lay past the last one.
    """

    def __init__(self, moves: Mapping[str, Sequence[Move]]) -> None:
        self._moves = {kind: tuple(moves.get(kind, ())) for kind in KINDS}
        self.begin()

    def begin(self) -> bool:
        """Start over."""
        self._tracks = {kind: _Track(moves) for kind, moves in self._moves.items()}
        self._tasks = self._tracks["task"]
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return 0, or the alternative that is due."""
        track = self._tasks if point.kind == "task" else self._tracks[point.kind]
        if track.left:
            track.left -= 1
            return 0
        return track.take(point.bound)

    def end(self, run: Run) -> None:
        """Nothing to learn."""

    @property
    def asked(self) -> dict[str, int]:
        """The choice points of each kind that this run has had."""
        return {kind: track.asked for kind, track in self._tracks.items()}

    @property
    def beyond(self) -> dict[str, int]:
        """The moves of each kind that this run did not reach."""
        return {kind: len(self._moves[kind]) - t.taken for kind, t in self._tracks.items()}
