"""Probes while the run goes on: when each is asked, and what it has answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import RaceExploreError
from raceexplore.sim.chaos.probes import Checks, Mode, Watching
from raceexplore.sim.chaos.report import Answered

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

BEFORE = frozenset({Mode.SOT, Mode.EDGE})
AFTER = frozenset({Mode.EOT, Mode.EDGE})


class Asking:
    """One probe of one run.

    failed_hard: called with why, when it fails and its probe says that this ends the faults.
    complaint: why it cannot be asked after each step.
    """

    def __init__(
        self, world: World, probe: Watching, checks: Checks, failed_hard: Callable[[str], object]
    ) -> None:
        self.world, self.probe, self.checks = world, probe, checks
        self.asked = self.failed = 0
        self.why, self.at_s = "", 0.0
        self._failed_hard = failed_hard
        self.complaint: RaceExploreError | None = None

    @property
    def answered(self) -> Answered:
        """What it has answered so far."""
        probe = self.probe
        return Answered(probe.name, probe.mode.value, self.asked, self.failed, self.why, self.at_s)

    async def once(self) -> bool:
        """Ask, with its retries; return whether it holds."""
        why = await self.probe.ask(self.world, self.checks)
        self._note(why)
        return not why

    async def poll(self, goes_on: Callable[[], bool], over: Callable[[], bool]) -> None:
        """Ask again and again until it is over, whenever ``goes_on``."""
        await self.world.sleep(self.probe.delay_s)
        while not over():
            if goes_on():
                await self.once()
            await self.world.sleep(self.probe.every_s)

    def at_every_step(self, over: Callable[[], bool]) -> None:
        """Ask after each event from now on."""

        def holds() -> bool:
            if over() or self.complaint is not None:
                return True
            try:
                self._note(self.probe.at_once(self.checks))
            except RaceExploreError as error:
                self.complaint = error
            return True

        self.world.always(f"chaos asks {self.probe.name}", holds)

    def _note(self, why: str) -> None:
        self.asked += 1
        if not why:
            return
        self.failed += 1
        if not self.why:
            self.why, self.at_s = why, self.world.now()
            self.world.event(f"chaos: probe {self.probe.name} fails", why=why)
        if self.probe.stops:
            self._failed_hard(f"probe {self.probe.name}: {why}")
