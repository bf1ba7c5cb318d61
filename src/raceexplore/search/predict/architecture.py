"""An architecture: services, what they share, and how they use it; read from ``arch.toml``."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.search.programs.files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

    import networkx as nx

LARGEST = 1_000_000  # replicas, requests a second, and their like


class Mode(Enum):
    """How a service uses what it shares. UPDATE: it reads, and writes what follows from that."""

    READ = "r"
    WRITE = "w"
    UPDATE = "rmw"
    UNKNOWN = "unknown"


class Defence(Enum):
    """What keeps others out between a read and its write. CAS: a compare-and-set, a version."""

    NONE = "none"
    LOCK = "lock"
    TRANSACTION = "tx"
    CAS = "cas"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Service:
    """What is deployed together. replicas: how many run at once."""

    name: str
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """One service's use of one boundary: of what others share with it.

    rate_per_s: such uses a second, of all replicas; 0: unknown. window_s: mean seconds between its
    read and its write, or of the call. retries: how often it tries again. by_others: the share of
    these uses that is by others than the one who uses it; 1 where each use is by somebody new.
    """

    service: str
    boundary: str
    mode: Mode = Mode.UNKNOWN
    defence: Defence = Defence.UNKNOWN
    rate_per_s: float = 0.0
    window_s: float = 0.0
    retries: int = 0
    by_others: float = 1.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that went wrong at a boundary, so many days ago."""

    boundary: str
    days_ago: float


@dataclass(frozen=True, slots=True)
class Architecture:
    """Services, their calls, and what has gone wrong. source: where it is from, in words."""

    services: tuple[Service, ...]
    calls: tuple[Usage, ...]
    incidents: tuple[Incident, ...] = ()
    source: str = ""

    @property
    def boundaries(self) -> tuple[str, ...]:
        """The names of what is shared, in the order of the calls."""
        return tuple(dict.fromkeys(call.boundary for call in self.calls))

    def graph(self) -> nx.DiGraph[str]:
        """Return services and boundaries as nodes (``kind``), and the calls as edges (``call``)."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        for service in self.services:
            graph.add_node(service.name, kind="service", replicas=service.replicas)
        for call in self.calls:
            if call.boundary not in graph:
                graph.add_node(call.boundary, kind="boundary")
            graph.add_edge(call.service, call.boundary, call=call)
        return graph


def load_architecture(path: Path) -> Architecture:
    """Return what an ``arch.toml`` says. Raises `BadOption`, in a line that names what is wrong."""
    try:
        value = tomllib.loads(read_regular(path).decode())
    except OSError as error:
        raise BadOption(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        raise BadOption(f"{path} is not TOML: {error}") from None
    services, calls = [], []
    for name, told in _table(value, "services", path).items():
        if not isinstance(told, dict):
            raise BadOption(f"{path}: services.{name} is a table")
        services.append(Service(name, int(_number(told, "replicas", 1, path))))
        rate = _number(told, "rate", 0, path)
        calls += [_call(name, call, rate, path) for call in _tables(told, "calls", path)]
    incidents = [
        Incident(_text(i, "boundary", path), _number(i, "days_ago", 0, path))
        for i in _tables(value, "incidents", path)
    ]
    known = {call.boundary for call in calls}
    strange = [i.boundary for i in incidents if i.boundary not in known]
    if strange:
        raise BadOption(f"{path}: an incident is at {strange[0]!r}, and no service calls that")
    if not calls:
        raise BadOption(f"{path}: no service calls anything, so there is nothing to rank")
    return Architecture(tuple(services), tuple(calls), tuple(incidents), str(path))


def _call(service: str, told: dict[str, Any], rate: float, path: Path) -> Usage:
    to = _text(told, "to", path)
    key = told.get("key", "")
    return Usage(
        service,
        f"{to}/{key}" if key else to,
        Mode(_one_of(told, "access", Mode, path)),
        Defence(_one_of(told, "guard", Defence, path)),
        _number(told, "rate", rate, path),
        _mean(told.get("latency", {}), path),
        int(_number(told, "retries", 0, path)),
    )


def _mean(told: Any, path: Path) -> float:
    """Return the mean of a log-normal latency that is told by its median and another quantile."""
    if isinstance(told, int | float) and not isinstance(told, bool):
        return _number({"latency": told}, "latency", 0, path)
    if not isinstance(told, dict):
        raise BadOption(f"{path}: a latency is {{p50_s = 0.001, p99_s = 0.01}}, or seconds")
    p50, sigma = _number(told, "p50_s", 0, path), _number(told, "sigma", 0, path)
    p99 = _number(told, "p99_s", 0, path)
    if p99 and not 0 < p50 <= p99:
        raise BadOption(f"{path}: of a latency, 0 < p50_s <= p99_s must hold")
    if p99:
        sigma = math.log(p99 / p50) / 2.3263478740408408  # the normal's 99th percentile
    return p50 * math.exp(min(sigma, 20.0) ** 2 / 2)


def _one_of(told: dict[str, Any], key: str, kinds: type[Enum], path: Path) -> str:
    value = told.get(key, "unknown")
    known = [kind.value for kind in kinds]
    if value not in known:
        raise BadOption(f"{path}: {key} is {', '.join(known)}, not {value!r}")
    return str(value)


def _number(told: dict[str, Any], key: str, default: float, path: Path) -> float:
    value = told.get(key, default)
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not 0 <= value <= LARGEST:
        raise BadOption(f"{path}: {key} is a number from 0 to {LARGEST:,}, not {value!r}")
    return float(value)


def _text(told: dict[str, Any], key: str, path: Path) -> str:
    value = told.get(key)
    if not isinstance(value, str) or not value:
        raise BadOption(f"{path}: a {key} is missing, or is no text")
    return value


def _table(told: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    value = told.get(key, {})
    if not isinstance(value, dict):
        raise BadOption(f"{path}: {key} is a table")
    return value


def _tables(told: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    value = told.get(key, [])
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise BadOption(f"{path}: {key} is a list of tables, as [[{key}]]")
    return value
