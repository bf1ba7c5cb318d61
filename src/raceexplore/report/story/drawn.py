"""Which draw of a run deviates: each is matched with the schedule's deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.outcome import Run


class Chance(NamedTuple):
    """What chance gave in the event ``event``. deviation: its number, -1 if it is neutral."""

    event: int
    label: str
    value: str
    deviation: int


def drawn(run: Run) -> Iterator[Chance]:
    """Yield the draws of ``run``, in their order."""
    numbered = enumerate(run.schedule.deviations)
    wanted = {(d.at, d.nth): number for number, d in numbered if d.kind != "task"}
    count: dict[str, int] = {}
    for event in run.events:
        for label, _, value in event.draws:
            found = -1
            for at in (f"{event.task}:{label}", f":{label}"):  # the task's own, or anybody's
                ordinal = count[at] = count.get(at, -1) + 1
                found = wanted.get((at, ordinal), found)
            yield Chance(event.number, label, value, found)
