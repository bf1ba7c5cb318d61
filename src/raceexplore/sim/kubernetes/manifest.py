"""Kubernetes' manifests: what a Deployment and its Service say of replicas, limits and updates."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.hosts.cpu import processors
from raceexplore.sim.unmodelled import library

SUFFIXES = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]*)")


@dataclass(frozen=True, slots=True)
class Probe:
    """How a pod is asked whether it is ready, or alive.

    delay_s: before the first question. period_s: between two. failures: in a row that make it so.
    """

    delay_s: float = 0.0
    period_s: float = 10.0
    failures: int = 3


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the manifest of a Deployment says.

    name: of the deployment; its pods are ``name-0``, ``name-1`` and so on.
    replicas: pods at once. cpu: processors; memory: bytes; None: no limit.
    grace_s: seconds between SIGTERM and SIGKILL.
    surge, unavailable: pods above and below ``replicas`` while it is updated.
    recreate: all old pods stop before new ones start.
    readiness, liveness: its probes; None: it is ready, and alive, while it runs.
    labels: of its pods, which a Service selects by.
    """

    name: str
    replicas: int = 1
    cpu: float | None = None
    memory: int | None = None
    grace_s: float = 30.0
    surge: int = 1
    unavailable: int = 0
    recreate: bool = False
    readiness: Probe | None = None
    liveness: Probe | None = None
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """The deployments of one file, and the services that select their pods.

    warnings: what a reader should know: a deployment without limits is not throttled.
    """

    deployments: tuple[Deployment, ...]
    services: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = field(default=(), compare=False)


def read_manifest(path: str | Path) -> Manifest:
    """Read a file of one or more YAML documents; what is no Deployment or Service is passed over.

    Raises `BadOption` with the file and the field, `MissingExtra` without PyYAML, and `OSError`.
    """
    yaml = library("yaml")
    try:
        documents = [each for each in yaml.safe_load_all(Path(path).read_text("utf-8")) if each]
    except yaml.YAMLError as error:
        raise BadOption(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    odd = [each for each in documents if not isinstance(each, dict)]
    if odd:
        raise BadOption(f"{path}: a manifest is a mapping, not {odd[0]!r}")
    found = [_deployment(d, str(path)) for d in documents if d.get("kind") == "Deployment"]
    if not found:
        raise BadOption(f"{path}: no Deployment in it")
    services = [
        each for d in documents if d.get("kind") == "Service" for each in _selects(d, found)
    ]
    unlimited = [each.name for each in found if each.cpu is None]
    warnings = tuple(f"{path}: {name} has no CPU limit: it is not throttled" for name in unlimited)
    return Manifest(tuple(found), tuple(services), warnings)


def _deployment(document: dict[str, Any], path: str) -> Deployment:
    name = str(_at(document, "metadata.name") or "deployment")
    where = f"{path}: Deployment {name}"
    spec = _at(document, "spec") or {}
    pod = _at(spec, "template.spec") or {}
    containers = pod.get("containers") or [{}]
    limits = [_at(each, "resources.limits") or {} for each in containers]
    replicas = _whole(spec.get("replicas", 1), f"{where}: spec.replicas")
    rolling = _at(spec, "strategy.rollingUpdate") or {}
    cpus = [_cpu(each["cpu"], where) for each in limits if "cpu" in each]
    sizes = [_size(each["memory"], where) for each in limits if "memory" in each]
    labels = _at(spec, "template.metadata.labels") or {}
    return Deployment(
        name=name,
        replicas=replicas,
        cpu=sum(cpus) if cpus else None,
        memory=sum(sizes) if sizes else None,
        grace_s=float(pod.get("terminationGracePeriodSeconds", 30)),
        surge=_part(rolling.get("maxSurge", "25%"), replicas, where, up=True),
        unavailable=_part(rolling.get("maxUnavailable", "25%"), replicas, where, up=False),
        recreate=_at(spec, "strategy.type") == "Recreate",
        readiness=_probe(containers[0].get("readinessProbe"), where),
        liveness=_probe(containers[0].get("livenessProbe"), where),
        labels=tuple(sorted((str(key), str(value)) for key, value in labels.items())),
    )


def _selects(service: dict[str, Any], deployments: list[Deployment]) -> Iterator[tuple[str, str]]:
    """Yield the service's name with that of each deployment whose pods it selects."""
    selector = (_at(service, "spec.selector") or {}).items()
    wanted = {(str(key), str(value)) for key, value in selector}
    for each in deployments:
        if wanted and wanted <= set(each.labels):
            yield str(_at(service, "metadata.name")), each.name


def _at(document: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _whole(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadOption(f"{where} must be a whole number, 0 or more, not {value!r}")
    return value


def _part(value: object, whole: int, where: str, *, up: bool) -> int:
    """Return a number of pods, or a percentage of them, rounded as Kubernetes does."""
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdigit():
        share = int(value[:-1]) * whole / 100
        return math.ceil(share) if up else math.floor(share)
    return _whole(value, f"{where}: spec.strategy.rollingUpdate")


def _cpu(text: Any, where: str) -> float:
    try:
        return processors(text)
    except BadOption as error:
        raise BadOption(f"{where}: {error}") from None


def _size(text: object, where: str) -> int:
    found = _SIZE.fullmatch(str(text))
    if found is None or found[2] not in SUFFIXES:
        raise BadOption(f"{where}: a memory limit is like '128Mi', not {text!r}")
    return round(float(found[1]) * SUFFIXES[found[2]])


def _probe(value: Any, where: str) -> Probe | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadOption(f"{where}: a probe is a mapping, not {value!r}")
    return Probe(
        float(value.get("initialDelaySeconds", 0)),
        float(value.get("periodSeconds", 10)),
        int(value.get("failureThreshold", 3)),
    )
