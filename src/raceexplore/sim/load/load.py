"""A load: phases, the scenarios that they run, and what is measured of them.

Latency counts from the instant at which a request was to begin. In open phases nobody waits for a
slow answer before the next request begins, so a stall is felt by all who would have come during it:
no omission is coordinated with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.latency.composed import Weighted
from raceexplore.sim.load.copies import Copies
from raceexplore.sim.load.in_place import load_in_place
from raceexplore.sim.load.measures import Sampled
from raceexplore.sim.load.phases import Closed, Open, Phase
from raceexplore.sim.load.report import LoadReport
from raceexplore.sim.load.scenario import Ending, Invocation, Scenario
from raceexplore.sim.load.thresholds import Threshold, threshold

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

User = Scenario | Callable[[Invocation], Awaitable[Ending | None]]


class Load:
    """What users do to a program, and how much of it.

    phases: one after the other, for all scenarios, which are drawn by weight; or for each scenario,
        by name, its own: they then go on side by side.
    name: in traces and labels.
    thresholds: what must hold, as text or `threshold(...)`; see `LoadReport.require` for the end.
    Raises `BadOption` without a phase.
    """

    def __init__(
        self,
        world: World,
        phases: Sequence[Phase] | Mapping[str, Sequence[Phase]],
        *,
        name: str = "load",
        thresholds: Iterable[str | Threshold] = (),
    ) -> None:
        lists = list(phases.values()) if isinstance(phases, Mapping) else [phases]
        if not lists or not all(lists):
            raise BadOption(f"{name}: a load needs at least one phase")
        self.world = world
        self.name = name
        self.phases = phases
        self.thresholds = [threshold(t) if isinstance(t, str) else t for t in thresholds]
        self.in_flight = 0
        self.broken: list[tuple[float, str]] = []
        self._samples: list[Sampled] = []
        self._number = self._walking = 0
        self._began_s = 0.0
        self._aborted = ""
        self._ended = world.lot(f"{name} to end")

    @classmethod
    def from_nbomber(cls, world: World, path: str | Path, *, name: str = "load") -> Self:
        """Return the load of NBomber's JSON configuration; `run` takes its scenarios by name.

        Raises `Unmodelled` for a setting that cannot be honoured, by name, `BadOption` for what is
        no such file, and `OSError`.
        """
        from raceexplore.sim.load.nbomber import read_nbomber

        return cls(world, read_nbomber(path), name=name)

    async def run(self, *scenarios: User) -> LoadReport:
        """Run the phases, wait for the last request to end, and return what was measured."""
        users = [each if isinstance(each, Scenario) else Scenario(each) for each in scenarios]
        plans = self._plans(users)
        self._began_s = self.world.now()
        walks = [
            self.world.spawn(self._walk, phases, some, name=f"{self.name} {number}")
            for number, (phases, some) in enumerate(plans)
        ]
        self._walking = len(walks)
        for each in self.thresholds:
            if each.every_s is not None:
                self.world.spawn(self._watch, each, each.every_s, name=f"{self.name} threshold")
        while self._walking or self.in_flight:
            await self._ended.park(f"the requests of {self.name}")
        return self.report()

    def report(self) -> LoadReport:
        """Return what was measured so far."""
        self.world.used(self.name, ".report", write=False)
        seconds = self.world.now() - self._began_s
        samples = tuple(self._samples)
        aborted, broken = self._aborted, tuple(self.broken)
        return LoadReport(self.name, samples, seconds, self._began_s, broken, aborted)

    def abort(self, why: str) -> None:
        """Begin no request any more; those that are under way go on."""
        self.world.event(f"{self.name}: aborted", why=why)
        self._aborted = self._aborted or why

    def add(self, sampled: Sampled) -> None:
        """Take one measurement."""
        self.world.used(self.name, ".report", write=True)
        self._samples.append(sampled)

    def _plans(self, users: list[Scenario]) -> list[tuple[Sequence[Phase], list[Scenario]]]:
        """Return which scenarios follow which phases. Raises `BadOption`."""
        if not users:
            raise BadOption(f"{self.name}: it needs at least one scenario")
        names = [user.label for user in users]
        if len(set(names)) < len(names):
            raise BadOption(f"{self.name}: two scenarios have one name: {', '.join(names)}")
        instead = load_in_place(self.world)
        if instead is not None:
            return [(instead.of(user.label), [user]) for user in users]
        if not isinstance(self.phases, Mapping):
            return [(self.phases, users)]
        if set(names) != set(self.phases):
            wanted = ", ".join(self.phases)
            raise BadOption(f"{self.name}: its scenarios are {wanted}, not {', '.join(names)}")
        by_name = {user.label: user for user in users}
        return [(phases, [by_name[name]]) for name, phases in self.phases.items()]

    async def _walk(self, phases: Sequence[Phase], users: list[Scenario]) -> None:
        """Go through the phases; each begins when the one before was to end."""
        copies = Copies(self.world, self.name, lambda copy: self._next(users, copy))
        begin_s, rate = self._began_s, 0
        for phase in phases:
            if isinstance(phase, Open):
                copies.keep(0)
                await self._inject(phase, users, begin_s, rate)
                rate = phase.rate
            elif isinstance(phase, Closed):
                await self._close(phase, copies, begin_s)
                rate = 0
            else:
                copies.keep(0)
                rate = 0
            if self._aborted:
                break
            endless = isinstance(phase, Closed) and phase.most is not None
            begin_s = self.world.now() if endless else begin_s + phase.during_s
            await self._until(begin_s)
        copies.keep(0)
        await copies.ended()
        self._walking -= 1
        self._ended.wake()

    async def _inject(self, phase: Open, users: list[Scenario], begin_s: float, rate: int) -> None:
        """Begin the requests of an open phase. rate: that of the phase before."""
        for offset_s in phase.arrivals(self.world, self.name, rate):
            await self._until(due_s := begin_s + offset_s)
            if self._aborted:
                return
            self._start(users, due_s)

    async def _close(self, phase: Closed, copies: Copies, begin_s: float) -> None:
        """Keep as many copies as the phase says until its end."""
        if phase.most is not None:
            copies.keep(phase.copies, most=phase.most)
            await copies.ended()
            copies.keep(0)
            return
        for offset_s, count in phase.changes(copies.wanted):
            await self._until(begin_s + offset_s)
            if self._aborted:
                return
            copies.keep(count)
        await self._until(begin_s + phase.during_s)

    async def _until(self, at_s: float) -> None:
        if at_s > self.world.now():
            await self.world.sleep(at_s - self.world.now())

    def _start(self, users: list[Scenario], due_s: float) -> None:
        """Begin a request that waits for nobody."""
        user = self._drawn(users)
        self._count()
        self.world.spawn(self._request, user, due_s, self._number, name=f"{user.label} request")

    async def _request(self, user: Scenario, due_s: float, number: int, copy: int = 0) -> None:
        try:
            await user.invoke(Invocation(self.world, self, user.label, number, copy=copy), due_s)
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._ended.wake()

    async def _next(self, users: list[Scenario], copy: int) -> None:
        """Do the next request of a copy, and think after it."""
        user = self._drawn(users)
        self._count()
        await self._request(user, self.world.now(), self._number, copy)
        if user.think is not None:
            await user.think.sleep(self.world, f"{user.label} thinks")

    def _drawn(self, users: list[Scenario]) -> Scenario:
        if len(users) == 1:
            return users[0]
        weights = Weighted(tuple(user.weight for user in users))
        return users[self.world.pick(f"{self.name} scenario", weights)]

    def _count(self) -> None:
        self.world.used(self.name, ".requests", write=True)
        self._number += 1
        self.in_flight += 1
        self.world.count(f"{self.name} requests")

    async def _watch(self, each: Threshold, every_s: float) -> None:
        """Look at a threshold at its intervals; end the load if it is broken too often in a row."""
        count = 0
        while self._walking:
            await self.world.sleep(every_s)
            found = each.broken(self.report().measures)
            self.broken += [(self.world.now(), text) for text in found]
            count = count + 1 if found else 0
            if each.abort_after is not None and count >= each.abort_after:
                self.abort(f"{each.text!r} was broken {count} times in a row")
                return
