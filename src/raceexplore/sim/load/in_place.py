"""A load in place of the one that a program runs by itself, for all loads of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.load.phases import Phase

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

KEY = "a load in place of the program's"


@dataclass
class LoadInPlace:
    """Phases for scenarios, by name. source: where they are from. used: whether any load asked."""

    phases: Mapping[str, Sequence[Phase]]
    source: str
    used: bool = False

    def of(self, scenario: str) -> Sequence[Phase]:
        """Return the phases of ``scenario``. Raises `BadOption` if there are none."""
        self.used = True
        if scenario not in self.phases:
            known = ", ".join(self.phases)
            raise BadOption(f"{self.source}: it has no scenario {scenario!r}; it has {known}")
        return self.phases[scenario]


def put_in_place(world: World, phases: Mapping[str, Sequence[Phase]], source: str) -> LoadInPlace:
    """Let every load of this run follow ``phases``; call it before the program begins."""
    return world.remember(KEY, lambda: LoadInPlace(phases, source))


def load_in_place(world: World) -> LoadInPlace | None:
    """Return what stands in place of the program's loads in this run, if anything does."""
    found: LoadInPlace | None = world.remember(KEY, lambda: None)
    return found
