"""Wakeup trees: what is still to be explored from each state, as sequences of events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raceexplore.kernel.events.footprint import Footprint


@dataclass(frozen=True, slots=True)
class Step:
    """An event of a wakeup sequence: whose it is and what it touches.

    key: its part of the class key, once it has been executed where it stands.
    """

    task: str
    touches: Footprint
    key: int | None = None


Cover = tuple[int, int, tuple[Step, ...]]


@dataclass(slots=True)
class Branch:
    """A node of a wakeup tree: an event, and what is to follow it, in order.

    covers: sequences that this leaf stands for, each with the depths where it starts and ends.
    """

    step: Step
    children: list[Branch] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)


@dataclass(slots=True)
class Node:
    """The state before one event of the current execution.

    sleep: tasks whose next event has been explored from here, or commutes with all that was
    done since it was. tree: branches still to explore. taken: the event that was executed.
    key: names the class of what led here. barred: tasks that were to go on here, and could not.
    options: the tasks that can go on, once that was asked.
    """

    sleep: dict[str, Step]
    tree: list[Branch]
    taken: Step | None = None
    key: int = 0
    barred: set[str] = field(default_factory=set)
    options: list[str] | None = None


def drop_first(sequence: list[Step], task: str) -> None:
    """Remove the first event of ``task`` from ``sequence``, if it has one."""
    tasks = [step.task for step in sequence]
    if task in tasks:
        del sequence[tasks.index(task)]


def leaves_cover(branch: Branch) -> list[Cover]:
    """Return the sequences that the leaves below ``branch`` stand for as well."""
    below = [sequence for child in branch.children for sequence in leaves_cover(child)]
    return branch.covers + below


def validate(nodes: list[Node]) -> None:
    """Assert what must hold of the states before each event of an execution that has ended.

    Each knows what was executed there; nothing that is still to be explored first belongs to a
    task that sleeps, or that could not go on; no two branches begin with the same task.
    """
    for depth, node in enumerate(nodes):
        heads = [branch.step.task for branch in node.tree]
        assert node.taken is not None, f"no event was executed at state {depth}"
        assert len(set(heads)) == len(heads), f"branches that begin alike: {heads}"
        assert node.sleep.keys().isdisjoint(heads), f"to explore, but asleep: {heads}"
        assert node.barred.isdisjoint(heads), f"to explore, but barred: {heads}"
