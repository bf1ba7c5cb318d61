"""One fault of one run: when it strikes, whom, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raceexplore.sim.chaos import actions
from raceexplore.sim.chaos.faults import LASTING, BlastRadius, Injection, Moments, Times
from raceexplore.sim.chaos.report import Strike
from raceexplore.sim.chaos.victims import Victim, candidates, drawn, withheld
from raceexplore.sim.hosts import Host
from raceexplore.sim.hosts.wire import Home, Stage, wire_of
from raceexplore.sim.latency.composed import Weighted
from raceexplore.sim.load.draws import SHARES

if TYPE_CHECKING:
    from raceexplore.kernel.world import World


@dataclass(slots=True)
class Aim:
    """One strike that waits for its moment: the nth passing of what has ``during`` in its name."""

    during: str
    nth: int
    passed: int = 0
    spent: bool = False


class Striking:
    """A fault while the run goes on.

    strikes: those that took effect. touched: calls that it has changed. withheld: why others were
    not let through. why: why nothing happened, the last reason. going: it has begun, and not ended.
    """

    def __init__(self, world: World, fault: Injection, guard: BlastRadius) -> None:
        self.world, self.fault, self.guard = world, fault, guard
        self.strikes: list[Strike] = []
        self.withheld: list[str] = []
        self.touched = 0
        self.why = ""
        self.going = False
        self.over = False
        self.allowed: Callable[[], bool] = lambda: True
        self._undone: list[tuple[Home | None, actions.Undo]] = []
        self._spared: list[Home | None] = []
        self._settled = False
        self._aims: list[Aim] = []
        self._checkpoints: Counter[str] = Counter()
        self._left = 0

    def begin(self) -> None:
        """Take aim and let `passing` strike, or strike by the clock from now on."""
        placing = self.fault.placing
        if isinstance(placing, Moments):
            self._take_aim(placing)
        else:
            self.world.spawn(self._by_clock, placing, name=f"chaos {self.fault.name}")

    async def _by_clock(self, placing: Times) -> None:
        await self.world.sleep(placing.start_s)
        self.going = not self.over
        if self.fault.kind in LASTING:
            await self._last(placing)
        else:
            await self._repeat(placing)
        self.going = False

    def stop(self) -> None:
        """Strike no more, and take back what lasts."""
        self.over, self.going = True, False
        self.take_back()

    def take_back(self) -> None:
        """End what lasts."""
        undone, self._undone = self._undone, []
        for _, undo in undone:
            undo()

    def settle(self, core: list[Host]) -> None:
        """Strike no more; take back what concerns the core, and leave the rest for ever."""
        self.over = self._settled = True
        self._spared += [*core, None]
        kept: list[tuple[Home | None, actions.Undo]] = []
        for host, undo in self._undone:
            if host is not None and host in core:
                undo()
            else:
                kept.append((host, undo))
        self._undone = kept
        wire = wire_of(self.world)
        wire.healed.wake(len(wire.healed))

    def passing(self, what: str, stage: Stage, host: Home | None) -> None:
        """Strike if this is the moment: a task on ``host`` is there in ``what``."""
        placing = self.fault.placing
        if self.over or not isinstance(placing, Moments):
            return
        if stage is Stage.CHECKPOINT:
            if placing.checkpoint is not None:
                self._at_checkpoint(placing, what, host)
            return
        for aim in self._aims:
            if aim.spent or aim.during not in what or self._victim(host) is None:
                continue
            aim.passed += 1
            if aim.passed >= aim.nth:
                aim.spent = True
                self._strike_here(placing, host)

    def _take_aim(self, placing: Moments) -> None:
        self.going = True
        self._left = placing.strikes
        if placing.checkpoint is not None:
            return
        name = self.fault.name
        for _ in range(placing.strikes):
            during = self.world.pick(f"chaos {name} during", placing.during, kind="fault")
            nth = placing.nth
            if nth is None:
                nth = self.world.pick(
                    f"chaos {name} nth", range(1, placing.among + 1), kind="fault"
                )
            self._aims.append(Aim(during, nth))

    def _at_checkpoint(self, placing: Moments, path: str, host: Home | None) -> None:
        if not self.going or not self._left or self._victim(host) is None:
            return
        self._checkpoints[path] += 1
        if self._checkpoints[path] == placing.checkpoint:
            self._left -= 1
            self._strike_here(placing, host)

    def _victim(self, host: Home | None) -> Victim | None:
        found = [each for each in candidates(self.world, self.fault) if each.host is host]
        return found[0] if found else None

    def _strike_here(self, placing: Moments, host: Home | None) -> None:
        victim = self._victim(host)
        if victim is None or not self._fires():
            return
        self._strike([victim])
        if self.fault.kind in LASTING:
            self.world.spawn(self._later, placing.last_s, name=f"chaos {self.fault.name} ends")

    async def _later(self, seconds: float) -> None:
        await self.world.sleep(seconds)
        if not self._settled:
            self.take_back()

    async def _last(self, placing: Times) -> None:
        """Let a lasting fault begin, and end after its time; one victim after another if serial."""
        if not self._fires():
            return
        chosen = self._chosen()
        groups = [[one] for one in chosen] if self.fault.sequence == "serial" else [chosen]
        for group in groups:
            if self.over:
                return
            self._strike(group)
            await self.world.sleep(placing.total_s)
            if self._settled:
                return
            self.take_back()

    async def _repeat(self, placing: Times) -> None:
        """Strike at each instant of the window."""
        begin_s = self.world.now()
        for offset_s in self._instants(placing):
            await self.world.sleep(max(begin_s + offset_s - self.world.now(), 0.0))
            if self.over:
                return
            if not self._fires():
                continue
            chosen = self._chosen()
            if self.fault.sequence == "serial":
                for one in chosen:
                    self._strike([one])
                    await self.world.sleep(placing.interval_s)
            else:
                self._strike(chosen)
        await self.world.sleep(max(begin_s + placing.total_s - self.world.now(), 0.0))

    def _instants(self, placing: Times) -> list[float]:
        label = f"chaos {self.fault.name}"
        if placing.anywhere:
            some = range(placing.count)
            shares = [self.world.pick(f"{label} instant", SHARES, kind="fault") for _ in some]
            return sorted(placing.total_s * share for share in shares)
        found, at_s = [0.0], 0.0
        while True:
            step_s = placing.interval_s
            if placing.random_from_s is not None:
                share = self.world.pick(f"{label} interval", SHARES, kind="fault")
                step_s = placing.random_from_s + share * (step_s - placing.random_from_s)
            at_s += step_s
            if at_s >= placing.total_s - 1e-9:
                return found
            found.append(at_s)

    def _fires(self) -> bool:
        chance = self.fault.chance
        if not self.allowed():
            self.withheld.append("the plan's strikes are used up")
            return False
        if chance == 1:
            return True
        label = f"chaos {self.fault.name} strikes"
        return bool(self.world.pick(label, Weighted((1 - chance, chance)), kind="fault"))

    def _chosen(self) -> list[Victim]:
        if self.fault.kind in actions.HTTP:
            return []
        some = candidates(self.world, self.fault)
        if not some and self.fault.app:
            self.why = f"nobody who is up is called {self.fault.app!r}"
        elif not some:
            self.why = "the program has no host that is up"
        return drawn(self.world, self.fault, some) if some else []

    def _strike(self, chosen: list[Victim]) -> None:
        kind = self.fault.kind
        if kind in actions.HTTP:
            undo, self.why = actions.on_answers(self.world, self.fault, self._met("answers"))
            self._undone.append((None, undo))
            return
        if kind in actions.NETWORK:
            self._disturb(chosen)
            return
        for victim in chosen:  # one by one: who is down already counts for the next
            why = withheld(self.world, self.fault, victim, self.guard)
            if why:
                self.withheld.append(why)
            else:
                self._hit(victim)

    def _disturb(self, chosen: list[Victim]) -> None:
        if not chosen and (self.fault.app or self.fault.pods):
            return
        hosts = [each.host for each in chosen]
        names = ", ".join(host.name for host in hosts) or "everybody"
        ways = actions.Ways(hosts, self._spared, self._met(names))
        self.why = "no call was on its way"
        self._undone.append((None, actions.on_ways(self.world, self.fault, ways)))

    def _hit(self, victim: Victim) -> None:
        kind, host = self.fault.kind, victim.host
        amidst = wire_of(self.world).amidst(host)
        strike = Strike(self.world.now(), host.name, amidst)
        self.world.event(f"chaos: {self.fault.name}", victim=host.name)
        if kind in LASTING:
            undo, self.why = actions.on_host(self.fault, host, self._met(host.name, amidst))
            self._undone.append((host, undo))
        elif kind.value == "clock-jump":
            host.clock.jump(self.fault.effect.jump_s)
            self.strikes.append(strike)
        else:
            self.strikes.append(strike)
            actions.kill(self.world, self.fault, victim)

    def _met(self, victim: str, amidst: tuple[str, ...] = ()) -> actions.Met:
        """Return what notes that a lasting fault has changed something; the first is its strike."""
        strike: list[Strike] = []

        def met() -> None:
            self.touched += 1
            if not strike:
                strike.append(Strike(self.world.now(), victim, amidst))
                self.strikes.append(strike[0])

        return met
