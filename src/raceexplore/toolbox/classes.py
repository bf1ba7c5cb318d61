"""Trace classes, and what the runs of each have shown: the same, or the classes are too coarse."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from raceexplore.kernel.events.order import trace_key

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run

Shown = tuple[int, int]  # the key of a run's trace class, and what stands for all it has shown

TORN = "two runs of one trace class have shown different things"
MISSED = "a run was of a trace class that the reversal of races did not reach"


def shown(run: Run) -> Shown:
    """Return the trace class of the observed ``run``, and a number for what happened in it.

    Runs that differ in the order of independent events only do the same in each task, at the same
    virtual time, and end alike. If two of one class do not, some order that mattered was taken for
    none. What wakes whom is left out: asking for a lock commutes with giving it back.
    """
    did = sorted((e.task, e.nth, e.end.line, e.time_s, e.notes, e.error) for e in run.events)
    ended = run.outcome, run.failure.fingerprint if run.failure else ""
    digest = blake2b(repr((ended, did)).encode(), digest_size=8).digest()
    return trace_key(run.events), int.from_bytes(digest, "big")


class Classes:
    """The trace classes of some runs. torn: two runs of one of them have shown different things."""

    def __init__(self) -> None:
        self._shown: dict[int, int] = {}
        self.torn = False

    def add(self, key: Shown) -> bool:
        """Note a run; return whether its class is new."""
        is_new = key[0] not in self._shown
        self.torn = self.torn or self._shown.setdefault(*key) != key[1]
        return is_new

    def __contains__(self, key: Shown) -> bool:
        """Whether a run of that class was noted, and all of the class have shown the same."""
        return self._shown.get(key[0]) == key[1] and not self.torn

    def __len__(self) -> int:
        return len(self._shown)
