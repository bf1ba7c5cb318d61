"""The recording that a debugger goes by: the events of the replayed run, made before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.events.trace import fingerprint
from raceexplore.kernel.outcome import headline
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.corpus.replay import explained, replay_stored
from raceexplore.search.programs.silence import silence
from raceexplore.search.why.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from raceexplore.kernel.choice import ChoicePoint, Schedule
    from raceexplore.kernel.events.trace import Event, Site
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.corpus.replay import Stored


@dataclass(frozen=True, slots=True)
class Recording:
    """What a replay showed. digests[n]: that of the events before event n; one more than events.

    ended: how it ended, in words. failing: the number of the event that failed. diverged: why it
    says nothing of the stored failure, or empty. breakpoints: calls that it passed. reasons: why it
    fails, in lines, each with the events that it is about.
    """

    events: tuple[Event, ...]
    digests: tuple[str, ...]
    ended: str
    failing: int
    failed: bool
    diverged: str
    breakpoints: tuple[Site, ...]
    reasons: tuple[tuple[str, tuple[int, ...]], ...] = ()


def record(stored: Stored, *, reasons: bool) -> Recording:
    """Replay ``stored``, quietly; `breakpoint()` stops nothing.

    reasons: find out why it fails, which takes some dozen runs more.
    """
    with silence() as passed:
        replayed = replay_stored(stored)
    if reasons:
        replayed = explained(replayed, stored.limits)
    run, failure, why = replayed.run, replayed.run.failure, replayed.why
    raised = [event.number for event in run.events if failure and event.error == failure.kind]
    return Recording(
        events=run.events,
        digests=tuple(prefixes(run.events)),
        ended=in_words(run),
        failing=raised[0] if raised else max(len(run.events) - 1, 0),
        failed=failure is not None,
        diverged=replayed.diverged,
        breakpoints=tuple(passed),
        reasons=tuple(Words(why).places()) if why is not None else (),
    )


def in_words(run: Run) -> str:
    """Return how ``run`` ended, in a line."""
    if run.failure is not None:
        return headline(run.failure.kind, run.failure.message)
    return f"the run was cut: {run.cut}" if run.cut else "the run passed"


def prefixes(events: Iterable[Event]) -> Iterable[str]:
    """Yield the digest of no event, of the first, of the first two, ...: see `trace.digest`."""
    running = blake2b(digest_size=8)
    yield running.hexdigest()
    for event in events:
        running.update(fingerprint(event).encode())
        yield running.hexdigest()


class Choice(NamedTuple):
    """One answer of the schedule. number: of the event that followed or, for a draw, drew.

    options: the tasks to choose from; none for a draw. continues: option 0 is the current task.
    """

    number: int
    kind: str
    label: str
    taken: int
    options: tuple[str, ...]
    continues: bool


class Noting(Replay):
    """Follows a schedule, and notes each choice."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(schedule)
        self.choices: list[Choice] = []

    def choose(self, point: ChoicePoint) -> int:
        """Return the recorded index, or 0."""
        index = super().choose(point)
        options = tuple(task.path for task in point.tasks) if point.kind == "task" else ()
        self.choices.append(
            Choice(len(point.events), point.kind, point.label, index, options, point.continues)
        )
        return index
