"""What two programs are compared under: a load in place of their own, and a plan of faults.

A program under conditions is a program: it is drawn, replayed, shrunk and explained as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.runtimes.imports import runtime_of
from raceexplore.sim.chaos import KILLS, Chaos, ChaosPlan, Mode
from raceexplore.sim.load import Phase
from raceexplore.sim.load.in_place import put_in_place
from raceexplore.sim.unmodelled import Unmodelled

if TYPE_CHECKING:
    from raceexplore.kernel.program import Program
    from raceexplore.kernel.world import World

Main = Callable[..., Coroutine[Any, Any, object]]


class ProbeFailed(AssertionError):
    """A probe of the plan did not hold: the run has failed, whatever the program says."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the runs are under; by default nothing that is not in the program.

    load: phases by scenario, in place of those of every load that the program runs. load_source:
    where they are from. plan: faults, and the probes that must hold.
    """

    load: Mapping[str, Sequence[Phase]] | None = None
    load_source: str = ""
    plan: ChaosPlan | None = None

    def under(self, program: Program) -> Program:
        """Return ``program`` under these conditions; itself if there are none.

        Raises `Unmodelled` for a crash under asyncio.
        """
        if self.load is None and self.plan is None:
            return program
        runtime = program.runtime or runtime_of(program.function)
        refuse_crashes(self.plan, runtime)
        observed, own = program.observed, program.function
        twin = None
        if observed is not None and isinstance(own, FunctionType):

            def twin() -> Main:
                return self._around(program, observed())

        return replace(
            program,
            function=self._around(program, own),
            wants_world=True,
            observed=twin,
            again=None,
            runtime=runtime,
        )

    def _around(self, program: Program, function: Main) -> Main:
        begun, wants_world = self._begun, program.wants_world

        async def main(world: World) -> None:
            await begun(world, function, wants_world)

        if not isinstance(function, FunctionType):
            return main
        # with the variables of the program's module: what looks for the objects that a module
        # holds begins there
        return FunctionType(main.__code__, function.__globals__, None, None, main.__closure__)

    async def _begun(self, world: World, function: Main, wants_world: bool) -> None:  # noqa: FBT001
        load = None
        if self.load is not None:
            load = put_in_place(world, self.load, self.load_source)
        arguments = (world,) if wants_world else ()
        if self.plan is None:
            await function(*arguments)
        else:
            await _under_plan(world, self.plan, lambda: function(*arguments))
        if load is not None and not load.used:
            raise BadOption(f"{load.source}: the program runs no load that it could stand in for")

    def strikes(self, counts: Mapping[str, float]) -> dict[str, int]:
        """Return how often each fault struck in a run that counted ``counts``."""
        names = [fault.name for fault in self.plan.faults] if self.plan else []
        return {name: int(counts.get(_counted(name), 0)) for name in names}

    def __str__(self) -> str:
        parts = [f"the load of {self.load_source}"] if self.load is not None else []
        parts += [f"the faults of {self.plan.name!r}"] if self.plan is not None else []
        return " and ".join(parts)


NOTHING = Conditions()


def refuse_crashes(plan: ChaosPlan | None, runtime: str) -> None:
    """Raise `Unmodelled` where ``plan`` crashes what ``runtime`` cannot."""
    kills = [fault.name for fault in plan.faults if fault.kind in KILLS] if plan else []
    if runtime == "asyncio" and kills:
        raise Unmodelled(
            f"{kills[0]}: crashes are not simulated under asyncio; pauses and networks are"
        )


async def _under_plan(
    world: World, plan: ChaosPlan, program: Callable[[], Coroutine[Any, Any, object]]
) -> None:
    """Carry out ``plan`` while ``program`` runs. Raises `ProbeFailed` if a probe did not hold."""
    if world.is_observed:
        # an observed run cannot ask after every event: it asks at the end
        probes = (
            replace(probe, mode=Mode.EOT) if probe.mode is Mode.AT_EVERY_STEP else probe
            for probe in plan.probes
        )
        plan = replace(plan, probes=tuple(probes))
    chaos = Chaos(world, plan)
    chaos.begin()
    try:
        await program()
        await chaos.finish()
    finally:
        if chaos.refusal is not None:
            raise chaos.refusal
    report = chaos.report()
    for fault in report.faults:
        world.count(_counted(fault.name), len(fault.strikes))
    for probe in (probe for fault in report.faults for probe in fault.probes):
        if probe.failed:
            raise ProbeFailed(f"{probe.name}: {probe.why}")


def _counted(fault: str) -> str:
    return f"strikes of {fault}"
