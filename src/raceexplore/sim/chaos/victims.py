"""Whom a fault may strike: pods of a deployment and hosts, as a plan names them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raceexplore.sim.chaos.faults import KILLS, BlastRadius, FaultKind, Injection
from raceexplore.sim.hosts import Host
from raceexplore.sim.hosts.wire import announced, wire_of
from raceexplore.sim.kubernetes import Hosts
from raceexplore.sim.kubernetes.hosts import Pod

if TYPE_CHECKING:
    from raceexplore.kernel.world import World


@dataclass(frozen=True, slots=True, eq=False)
class Victim:
    """A host; with its pod and deployment, if it is one's."""

    host: Host
    pod: Pod | None = None
    owner: Hosts | None = None

    @property
    def name(self) -> str:
        """The host's name."""
        return self.host.name


def everybody(world: World) -> list[Victim]:
    """Return all hosts that are there now, in the order in which they came."""
    found: list[Victim] = []
    for thing in announced(world):
        if isinstance(thing, Hosts):
            found += [Victim(pod.host, pod, thing) for pod in thing.pods if not pod.stopping]
        elif isinstance(thing, Host) and not thing.managed:
            found.append(Victim(thing))
    return found


def fits(victim: Victim, app: str) -> bool:
    """Return whether ``app`` names it: its deployment, a label of that, or the host itself."""
    if not app or victim.name == app:
        return True
    if victim.owner is None:
        return False
    key, _, value = app.partition("=")
    labels = victim.owner.deployment.labels
    return victim.owner.name == app or (bool(value) and (key, value) in labels)


def candidates(world: World, fault: Injection) -> list[Victim]:
    """Return whom the fault may strike now: hosts that are up."""
    named = [each for each in everybody(world) if fits(each, fault.app)]
    if fault.pods:
        named = [each for each in named if each.name in fault.pods]
    return [each for each in named if each.host.up]


def drawn(world: World, fault: Injection, some: list[Victim]) -> list[Victim]:
    """Return those of ``some`` that the fault strikes at once: all named ones, or a share."""
    if fault.pods:
        return some
    count = max(1, math.floor(fault.percent * len(some) / 100))
    left: list[Victim] = list(some)
    chosen: list[Victim] = []
    while left and len(chosen) < count:
        one = world.pick(f"chaos {fault.name} victim", left, kind="fault")
        left.remove(one)
        chosen.append(one)
    return chosen


def withheld(world: World, fault: Injection, victim: Victim, guard: BlastRadius) -> str:
    """Return why the guard does not let the fault strike ``victim``; empty if it does."""
    stops = fault.kind in KILLS or fault.kind is FaultKind.PAUSE
    if not stops:
        return ""
    if guard.busy and not wire_of(world).amidst(victim.host):
        return f"{victim.name} is idle: to kill it would prove nothing"
    if guard.keep and victim.owner is not None:
        others = [
            pod
            for pod in victim.owner.pods
            if pod.ready and pod.host.up and not pod.host.paused and pod is not victim.pod
        ]
        if len(others) < guard.keep:
            return f"only {len(others)} pods of {victim.owner.name} would be left"
    hosts = [each.host for each in everybody(world)]
    down = sum(not host.up or host.paused for host in hosts) + 1
    if down > guard.most_down * len(hosts):
        return f"{down} of {len(hosts)} hosts would be down"
    return ""
