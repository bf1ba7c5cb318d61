"""What each fault does to its victim, and how it is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.sim.chaos.faults import Effect, FaultKind, Injection
from raceexplore.sim.chaos.victims import Victim
from raceexplore.sim.hosts import Host
from raceexplore.sim.hosts.wire import Home, Trouble, announced, wire_of
from raceexplore.sim.http.stub import Stub
from raceexplore.sim.latency import Fixed, Uniform
from raceexplore.sim.latency.composed import Sum

if TYPE_CHECKING:
    from raceexplore.kernel.world import World
    from raceexplore.sim.latency.quantiles import Latency

Undo = Callable[[], object]
Met = Callable[[], object]
HTTP = frozenset({
    FaultKind.HTTP_LATENCY, FaultKind.HTTP_RESET, FaultKind.HTTP_STATUS, FaultKind.HTTP_BODY,
})  # fmt: skip
NETWORK = frozenset({
    FaultKind.NETWORK_LATENCY, FaultKind.NETWORK_LOSS, FaultKind.NETWORK_CORRUPTION,
    FaultKind.NETWORK_DUPLICATION, FaultKind.NETWORK_PARTITION, FaultKind.NETWORK_RATE_LIMIT,
    FaultKind.DNS_ERROR,
})  # fmt: skip


def kill(world: World, fault: Injection, victim: Victim) -> None:
    """Let a host vanish, or a pod be replaced; a bare host starts again at once."""
    host = victim.host
    if fault.kind is FaultKind.POD_DELETE and victim.owner is not None and victim.pod is not None:
        if fault.effect.force:
            victim.owner.kill(victim.pod)
        else:
            world.spawn(victim.owner.delete, victim.pod, name=f"chaos deletes {host.name}")
        return
    host.crash(disk=fault.kind is not FaultKind.DISK_LOSS)
    if not host.managed:

        async def restart() -> None:
            await world.checkpoint()
            host.restart()

        world.spawn(restart, name=f"chaos restarts {host.name}")


def on_host(fault: Injection, host: Host, met: Met) -> tuple[Undo, str]:
    """Do something to a host for a while; return how it is taken back, or why it has no effect."""
    effect = fault.effect
    if fault.kind is FaultKind.PAUSE:
        host.pause()
        met()
        return host.resume, ""
    if fault.kind is FaultKind.CPU_HOG:
        return _hog(host, effect.cores, met)
    if fault.kind is FaultKind.MEMORY_HOG:
        if host.memory is None:
            return _nothing, f"{host.name} has no memory limit: a hog takes nothing from it"
        host.allocate(effect.size)
        met()
        return lambda: host.allocate(-effect.size) if host.up else None, ""
    slow: Latency = _Counted(_delay(effect), met)
    host.disk.slow = slow
    return lambda: setattr(host.disk, "slow", None), ""


class Ways(NamedTuple):
    """Whose calls are in trouble; spared: whose are not, any more. met: told of each of them."""

    hosts: list[Host]
    spared: list[Home | None]
    met: Met


def on_ways(world: World, fault: Injection, ways: Ways) -> Undo:
    """Put a trouble in the way of calls; of everybody's, if the fault names no app."""
    effect, kind = fault.effect, fault.kind
    everyone = not fault.app and not fault.pods

    def fits(host: Home | None, service: str) -> bool:
        concerned = everyone or host in ways.hosts
        return concerned and host not in ways.spared and (not effect.to or service in effect.to)

    trouble = Trouble(fits, ways.met)
    if kind is FaultKind.NETWORK_LATENCY:
        trouble.delay = _delay(effect)
    elif kind in {FaultKind.NETWORK_LOSS, FaultKind.NETWORK_CORRUPTION}:
        # what is corrupted has a wrong checksum, and is dropped
        trouble.loss, trouble.closed = effect.share, effect.share >= 1
    elif kind is FaultKind.NETWORK_DUPLICATION:
        trouble.twice = effect.share
    elif kind is FaultKind.NETWORK_PARTITION:
        trouble.closed = True
    elif kind is FaultKind.NETWORK_RATE_LIMIT:
        trouble.rate = effect.rate
    else:
        trouble.unresolved = True
    return _put(world, trouble)


def on_answers(world: World, fault: Injection, met: Met) -> tuple[Undo, str]:
    """Change the answers of an HTTP service; return how to stop, or why there is nothing to do."""
    effect, kind = fault.effect, fault.kind
    services = [each.name for each in announced(world) if isinstance(each, Stub)]
    wanted = fault.app.rpartition("=")[2]  # of a label its value
    named = [name for name in services if wanted in ("", name)]
    if not named:
        return _nothing, f"no HTTP service is called {fault.app!r}"
    trouble = Trouble(lambda _, service: service in named, met, http=True)
    if kind is FaultKind.HTTP_LATENCY:
        trouble.delay = _delay(effect)
    elif kind is FaultKind.HTTP_RESET:
        trouble.reset = True
    elif kind is FaultKind.HTTP_STATUS:
        trouble.status = effect.status
    else:
        trouble.body = effect.body
    return _put(world, trouble), ""


def _put(world: World, trouble: Trouble) -> Undo:
    wire = wire_of(world)
    wire.begin(trouble)
    return lambda: wire.end(trouble)


def _hog(host: Host, cores: float, met: Met) -> tuple[Undo, str]:
    if host.cpu.share is None:
        return _nothing, f"{host.name} has no CPU limit: a hog takes nothing from it"
    host.cpu.hog += cores
    host.cpu.hogged = met

    def stop() -> None:
        host.cpu.hog -= cores

    return stop, ""


def _delay(effect: Effect) -> Latency:
    if not effect.jitter_s:
        return Fixed(effect.delay_s)
    low_s = max(effect.delay_s - effect.jitter_s, 0.0)
    return Uniform(low_s, effect.delay_s + effect.jitter_s)


def _nothing() -> None:
    """Take nothing back."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """A latency that tells of each draw."""

    latency: Latency
    met: Met

    def draw(self, world: World, label: str) -> float:
        self.met()
        return self.latency.draw(world, label)

    async def sleep(self, world: World, label: str) -> None:
        await world.sleep(self.draw(world, label))

    def __add__(self, other: Latency) -> Sum:
        return Sum(self, other)
