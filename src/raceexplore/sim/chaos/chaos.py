"""Chaos in one run: the plan begins when the program is ready, and is taken back at its end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption, RaceExploreError
from raceexplore.sim.chaos.asking import AFTER, BEFORE, Asking
from raceexplore.sim.chaos.faults import ChaosPlan, Liveness, Moments
from raceexplore.sim.chaos.probes import Mode, Watching, checks_of
from raceexplore.sim.chaos.report import Answered, ChaosReport, Struck
from raceexplore.sim.chaos.striking import Striking
from raceexplore.sim.chaos.victims import everybody
from raceexplore.sim.hosts.wire import Home, Stage, wire_of
from raceexplore.sim.latency.composed import Weighted
from raceexplore.sim.unmodelled import Unmodelled

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

LIVENESS = "liveness"


class Chaos:
    """A plan at work in one run.

    Make it before the program makes its hosts, call `begin`, let the program run, await `finish`,
    and ask for the `report`, which is there for a run that has failed, too. ``complaint``: why the
    plan cannot be carried out, which is no failure of the program.
    """

    def __init__(self, world: World, plan: ChaosPlan) -> None:
        self.world, self.plan = world, plan
        self.aborted = ""
        self._checks = checks_of(world)
        self.complaint: RaceExploreError | None = None
        self._over = self._begun = False
        self._began_s = 0.0
        self._strikings = [Striking(world, fault, plan.guard) for fault in plan.faults]
        steady = tuple(Watching(f"steady: {name}", name, Mode.EDGE) for name in plan.steady)
        self._askings = [
            Asking(world, probe, self._checks, self.abort) for probe in (*steady, *plan.probes)
        ]
        self._live: Answered | None = None
        self._inactive: list[Striking] = []

    def begin(self) -> None:
        """Look out for the program's checks, and begin once all of them are offered."""
        wire = wire_of(self.world)
        wire.on = True
        placings = [fault.placing for fault in self.plan.faults]
        wire.steps = any(isinstance(p, Moments) and p.checkpoint is not None for p in placings)
        wire.listeners.append(self._passing)
        for striking in self._strikings:
            striking.allowed = self._allowed
        if self.plan.checks:
            self.world.spawn(self._heard, self._main, name="chaos")
        else:  # nothing to wait for: the very first event can be struck
            self._begun, self._began_s = True, self.world.now()
            self._strike()

    def abort(self, why: str) -> None:
        """End all faults at once, and take back what lasts."""
        if not self._over and not self.aborted:
            self.aborted = why
            self.world.event("chaos: aborted", why=why)
            for striking in self._strikings:
                striking.stop()

    async def finish(self) -> None:
        """End the faults, take back what lasts, and ask what is asked at the end."""
        begun = self._begun
        for striking in self._strikings:
            striking.stop()
        if begun:
            await self._heard(self._ask_at_the_end)
        self._over = True

    async def _ask_at_the_end(self) -> None:
        for asking in self._askings:
            if asking.probe.mode in AFTER:
                await asking.once()

    @property
    def refusal(self) -> RaceExploreError | None:
        """Why the plan cannot be carried out, if it cannot."""
        found = [each.complaint for each in self._askings if each.complaint is not None]
        return self.complaint or (found[0] if found else None)

    def report(self, failure: str = "") -> ChaosReport:
        """Return what the run has shown. failure: the program's own, in a line."""
        unmet = tuple(name for name in self.plan.checks if name not in self._checks.by_name)
        faults = tuple(
            self._struck(each, failure) for each in self._strikings if each not in self._inactive
        )
        return ChaosReport(self.plan.name, faults, failure, self.aborted, self._began_s, unmet)

    async def _main(self) -> None:
        while any(name not in self._checks.by_name for name in self.plan.checks):
            await self._checks.came.park("the program to offer its checks")
        self._begun, self._began_s = True, self.world.now()
        if not await self._is_ready():
            return
        for asking in self._askings:
            if asking.probe.mode in {Mode.CONTINUOUS, Mode.ON_CHAOS}:
                always = asking.probe.mode is Mode.CONTINUOUS
                self._poll(asking, always=always)
        if self.plan.liveness is not None:
            self.world.spawn(self._heard, self._live_on, name="chaos liveness")
        self._strike()

    def _strike(self) -> None:
        """Let the faults begin that are active in this run."""
        for striking in self._strikings:
            if self._is_active(striking):
                striking.begin()
            else:
                striking.over = True
                self._inactive.append(striking)

    async def _is_ready(self) -> bool:
        """Ask what is asked before any fault; return whether the faults may begin."""
        for asking in self._askings:
            if asking.probe.mode is Mode.AT_EVERY_STEP:
                if self.world.is_observed:  # what it notes between two events is no event's doing
                    raise Unmodelled(
                        f"{asking.probe.name}: AtEveryStep is for runs nobody observes"
                    )
                asking.at_every_step(lambda: self._over)
            elif asking.probe.mode in BEFORE:
                await self.world.sleep(asking.probe.delay_s)
                if not await asking.once():
                    self.abort(f"{asking.probe.name} did not hold before any fault")
                    return False
        return True

    def _poll(self, asking: Asking, *, always: bool) -> None:
        def goes_on() -> bool:
            return always or any(each.going for each in self._strikings)

        async def poll() -> None:
            await asking.poll(goes_on, lambda: self._over)

        self.world.spawn(self._heard, poll, name=f"chaos probe {asking.probe.name}")

    def _is_active(self, striking: Striking) -> bool:
        share = striking.fault.active
        if self.plan.swarm and share == 1:
            share = 0.5
        if share == 1:
            return True
        label = f"chaos {striking.fault.name} is active"
        return bool(self.world.pick(label, Weighted((1 - share, share)), kind="fault"))

    def _allowed(self) -> bool:
        return sum(len(each.strikes) for each in self._strikings) < self.plan.guard.strikes

    def _passing(self, what: str, stage: Stage, host: Home | None) -> None:
        if self._over or not self._begun:
            return
        for striking in self._strikings:
            striking.passing(what, stage, host)

    def _struck(self, striking: Striking, failure: str) -> Struck:
        fault = striking.fault
        named = fault.probes or tuple(each.probe.name for each in self._askings)
        steady = self.plan.steady
        probes = tuple(
            each.answered
            for each in self._askings
            if each.probe.name in named or each.probe.check in steady
        )
        if self._live is not None:
            probes = (*probes, self._live)
        return Struck(
            name=fault.name,
            kind=fault.kind.value,
            weight=fault.weight,
            strikes=tuple(striking.strikes),
            touched=striking.touched,
            withheld=tuple(dict.fromkeys(striking.withheld)),
            probes=probes,
            broken=bool(failure),
            reason="" if striking.strikes else self._reason(striking),
        )

    def _reason(self, striking: Striking) -> str:
        """Return why a fault has never struck."""
        if striking.withheld:
            return f"withheld: {striking.withheld[-1]}"
        if not self._begun:
            missing = [name for name in self.plan.checks if name not in self._checks.by_name]
            return f"the program offers no check {missing[0]!r}" if missing else "it never began"
        if self.aborted:
            return self.aborted
        return striking.why or "its moment never came"

    async def _heard(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do ``function``, and keep what it complains of: the plan, and not the program."""
        try:
            await function()
        except RaceExploreError as error:
            self.complaint = error
            raise

    async def _live_on(self) -> None:
        """Stop the faults inside of the core, keep those outside, and wait for progress."""
        liveness = self.plan.liveness
        assert liveness is not None
        await self.world.sleep(liveness.after_s)
        self._settle(liveness)
        probe = Watching(LIVENESS, liveness.check, Mode.EOT)
        asking = Asking(self.world, probe, self._checks, self.abort)
        end_s = self.world.now() + liveness.within_s
        while not await asking.once() and self.world.now() < end_s:
            await self.world.sleep(min(1.0, max(liveness.within_s / 20, 0.001)))
        held = asking.asked > asking.failed
        why = "" if held else f"no progress within {liveness.within_s:g} s: {asking.why}"
        self._live = Answered(LIVENESS, "Liveness", 1, int(not held), why, self.world.now())

    def _settle(self, liveness: Liveness) -> None:
        """Heal the core, and let what is wrong outside of it stay so."""
        there = everybody(self.world)
        core = [each for each in there if each.name in liveness.core or not liveness.core]
        if not liveness.core:
            core = [each for each in there if each.host.up]
        odd = [name for name in liveness.core if name not in [each.name for each in there]]
        if odd:
            raise BadOption(f"liveness: no host of the core is called {odd[0]!r}")
        self.world.event("chaos: liveness", core=", ".join(each.name for each in core))
        for each in core:
            each.host.resume()
            each.host.restart()
        for striking in self._strikings:
            striking.settle([each.host for each in core])
