"""A plan: which faults strike, whom, when, and what they are."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.chaos.probes import Watching


class FaultKind(enum.Enum):
    """What goes wrong; the value is its name in plans, LitmusChaos's where it has one."""

    POD_DELETE = "pod-delete"
    CONTAINER_KILL = "container-kill"
    NETWORK_LATENCY = "pod-network-latency"
    NETWORK_LOSS = "pod-network-loss"
    NETWORK_CORRUPTION = "pod-network-corruption"
    NETWORK_DUPLICATION = "pod-network-duplication"
    NETWORK_PARTITION = "pod-network-partition"
    NETWORK_RATE_LIMIT = "pod-network-rate-limit"
    DNS_ERROR = "pod-dns-error"
    HTTP_LATENCY = "pod-http-latency"
    HTTP_RESET = "pod-http-reset-peer"
    HTTP_STATUS = "pod-http-status-code"
    HTTP_BODY = "pod-http-modify-body"
    CPU_HOG = "pod-cpu-hog"
    MEMORY_HOG = "pod-memory-hog"
    IO_LATENCY = "pod-io-stress"
    PAUSE = "pause"
    CLOCK_JUMP = "clock-jump"
    DISK_LOSS = "disk-loss"


LASTING = frozenset(FaultKind) - {
    FaultKind.POD_DELETE,
    FaultKind.CONTAINER_KILL,
    FaultKind.CLOCK_JUMP,
    FaultKind.DISK_LOSS,
}
"""The faults that are there for a while, and then are taken back."""
KILLS = frozenset({FaultKind.POD_DELETE, FaultKind.CONTAINER_KILL, FaultKind.DISK_LOSS})


@dataclass(frozen=True, slots=True)
class Effect:
    """How strong a fault is; a fault looks at what is its own.

    delay_s, jitter_s: of a network, of HTTP answers, of a disk. share: the probability that a
    packet is lost, corrupted or doubled. rate: bytes a second. status, body: of HTTP answers.
    cores: processors that a hog uses. size: bytes that one takes. jump_s: of a clock. force: pods
    are deleted without grace. to: the service that a network's fault is on the way to; empty: all.
    """

    delay_s: float = 2.0
    jitter_s: float = 0.0
    share: float = 1.0
    rate: float = 0.0
    status: int = 503
    body: str = ""
    cores: float = 1.0
    size: int = 500_000_000
    jump_s: float = 60.0
    force: bool = True
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Times:
    """By the clock: from ``start_s`` on, for ``total_s``, and each ``interval_s`` again.

    A lasting fault begins once and ends after ``total_s``; it has no interval. random_from_s: each
    interval is drawn from there to ``interval_s``; None: it is as long as it is. anywhere: each
    strike is at a drawn instant within the window, ``count`` of them.
    """

    start_s: float = 0.0
    total_s: float = 15.0
    interval_s: float = 5.0
    random_from_s: float | None = None
    anywhere: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True)
class Moments:
    """By event: while a task of a victim is in the middle of something.

    during: parts of the names of calls and spans (``COMMIT``, ``SET event:1``); one of them is
    drawn for each strike. nth: the passing that is struck, from 1; None: one of the first
    ``among``, drawn. checkpoint: instead, the kth point at which a victim's task lets others run;
    None: not. strikes: how many. last_s: how long a lasting fault goes on.
    """

    during: tuple[str, ...] = ()
    nth: int | None = None
    among: int = 20
    checkpoint: int | None = None
    strikes: int = 1
    last_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault of a plan.

    name: in reports. kind, effect, placing: what, how strong, when.
    app: the deployment, a label of its pods as ``app=inventory``, or the host; empty: any host.
    percent: of the pods that are struck at once; 0: one. pods: their names instead.
    sequence: ``parallel`` (all at once) or ``serial`` (one after the other, each for its time).
    active: the probability that it is there in a run at all; chance: that a strike then happens.
        Two levels, so that each run has a character of its own (FoundationDB's BUGGIFY).
    weight: of its success in the resilience score, from 0 to 10.
    probes: names of the checks that judge it; empty: all of the plan's.
    """

    name: str
    kind: FaultKind
    effect: Effect = Effect()
    placing: Times | Moments = Times()
    app: str = ""
    percent: int = 0
    pods: tuple[str, ...] = ()
    sequence: str = "parallel"
    active: float = 1.0
    chance: float = 1.0
    weight: int = 10
    probes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for label in ("active", "chance"):
            value = getattr(self, label)
            if not 0 < value <= 1:
                raise BadOption(f"{self.name}: {label} is above 0 and at most 1, not {value}")
        if not 0 <= self.percent <= 100:
            raise BadOption(f"{self.name}: percent is from 0 to 100, not {self.percent}")
        if not 0 <= self.weight <= 10:
            raise BadOption(f"{self.name}: a weight is from 0 to 10, not {self.weight}")


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What no strike may do: a strike that would is withheld, and told of.

    keep: pods of a deployment that stay up. most_down: the share of all hosts that may be down or
    paused at once. busy: a kill must hit somebody in the middle of something: killing an idle pod
    proves nothing. strikes: how many there may be in a run.
    """

    keep: int = 0
    most_down: float = 1.0
    busy: bool = False
    strikes: int = 1_000


@dataclass(frozen=True, slots=True)
class Liveness:
    """After ``after_s`` faults stop inside of a core, and stay for ever outside of it.

    Then ``check`` must come to hold within ``within_s``. core: hosts, by name; empty: all but those
    that are down. Source: TigerBeetle's simulator, its liveness mode: faults that always heal hide
    livelocks.
    """

    check: str
    after_s: float
    within_s: float
    core: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChaosPlan:
    """Faults, what must hold meanwhile, and how far they may go.

    swarm: in each run each fault is active with probability one half, so that runs differ.
    steady: checks that must hold before anything strikes, and again at the end.
    """

    name: str = "chaos"
    faults: tuple[Injection, ...] = ()
    probes: tuple[Watching, ...] = ()
    steady: tuple[str, ...] = ()
    guard: BlastRadius = BlastRadius()
    liveness: Liveness | None = None
    swarm: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [each.name for each in self.faults]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise BadOption(f"{self.name}: two faults are called {twice[0]!r}")
        known = [each.name for each in self.probes]
        for fault in self.faults:
            odd = [name for name in fault.probes if name not in known]
            if odd:
                raise BadOption(f"{fault.name}: no probe is called {odd[0]!r}")

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of all checks that the program has to offer."""
        named = [*self.steady, *(probe.check for probe in self.probes)]
        named += [self.liveness.check] if self.liveness else []
        return tuple(dict.fromkeys(named))
