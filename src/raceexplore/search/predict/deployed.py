"""An architecture as deployment files tell it: Docker Compose, and Kubernetes' manifests.

They say who runs how often and who is told of whom, by name, but neither what is read and written
nor under which guard: that stays unknown, and the ranking says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from raceexplore.kernel.errors import BadOption
from raceexplore.search.predict.architecture import LARGEST, Architecture, Service, Usage
from raceexplore.search.programs.files import read_regular

# images of what keeps state, and is shared by whoever calls it
STORES = re.compile(
    r"(^|/)(redis|valkey|postgres|postgis|mysql|mariadb|mongo|memcached|rabbitmq|kafka|nats|etcd|"
    r"cassandra|elasticsearch|consul|zookeeper|cockroach)[\w.-]*(:|@|$)"
)
WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet")
SCHEME = re.compile(r"[\w+]+://")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


def load_deployment(path: Path) -> Architecture:
    """Return what a Compose file, a manifest, or a folder of manifests says.

    Raises `BadOption` for a file that is neither, or where nobody is told of anybody.
    """
    documents = _documents(path)
    composed = [d for d in documents if isinstance(d.get("services"), dict)]
    found = _of_compose(composed[0]) if composed else _of_kubernetes(documents)
    if not found.calls:
        raise BadOption(f"{path}: no service is told of another one: there is no boundary to rank")
    return Architecture(found.services, found.calls, source=str(path))


def _documents(path: Path) -> list[dict[str, Any]]:
    try:
        import yaml
    except ModuleNotFoundError:
        raise BadOption("YAML needs pyyaml; pip install 'raceexplore[sim]' brings it") from None
    files = (
        sorted(p for p in path.iterdir() if p.suffix in (".yaml", ".yml"))
        if path.is_dir()
        else [path]
    )
    found: list[Any] = []
    for file in files:
        try:
            found += yaml.safe_load_all(read_regular(file).decode())
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            told = " ".join(str(error).split())[:120]
            raise BadOption(f"{file} is not YAML: {told}") from None
        except OSError as error:
            raise BadOption(f"{file} cannot be read: {error.strerror}") from None
    return [document for document in found if isinstance(document, dict)]


def _of_compose(document: dict[str, Any]) -> Architecture:
    told = {n: s for n, s in document["services"].items() if isinstance(s, dict)}
    replicas = {
        name: _count((service.get("deploy") or {}).get("replicas", service.get("scale", 1)))
        for name, service in told.items()
    }
    texts = {
        name: [*_strings(service.get("environment")), *_strings(service.get("links")),
               *_strings(service.get("command")), *_names(service.get("depends_on"))]
        for name, service in told.items()
    }  # fmt: skip
    stores = {name for name, s in told.items() if STORES.search(str(s.get("image", "")))}
    return _architecture(replicas, texts, stores)


def _of_kubernetes(documents: list[dict[str, Any]]) -> Architecture:
    """Return the workloads of ``documents``; a Service stands for the workload that it selects."""
    replicas: dict[str, int] = {}
    texts: dict[str, list[str]] = {}
    stores: set[str] = set()
    labels: dict[str, dict[str, str]] = {}
    for document in documents:
        if document.get("kind") not in WORKLOADS:
            continue
        name = str((document.get("metadata") or {}).get("name", ""))
        spec = document.get("spec") or {}
        pod = spec.get("template") or {}
        labels[name] = (pod.get("metadata") or {}).get("labels") or {}
        containers = (pod.get("spec") or {}).get("containers") or []
        replicas[name] = _count(spec.get("replicas", 1))
        texts[name] = [t for c in containers for key in ("env", "args", "command")
                       for t in _strings(c.get(key))]  # fmt: skip
        if any(STORES.search(str(c.get("image", ""))) for c in containers):
            stores.add(name)
    aliases = {
        str((d.get("metadata") or {}).get("name", "")): workload
        for d in documents
        if d.get("kind") == "Service"
        for selector in [(d.get("spec") or {}).get("selector") or {}]
        for workload, has in labels.items()
        if selector and all(has.get(key) == value for key, value in selector.items())
    }
    return _architecture(replicas, texts, stores, aliases)


def _architecture(
    replicas: dict[str, int],
    texts: dict[str, list[str]],
    stores: set[str],
    aliases: dict[str, str] | None = None,
) -> Architecture:
    names = {name: name for name in replicas} | (aliases or {})
    calls = []
    for service in replicas:
        said = {w for text in texts[service] for w in WORD.findall(SCHEME.sub("", text))}
        targets = {names[word] for word in said if word in names} - {service}
        # one that keeps state is a boundary; others are called, and may keep state, too
        calls += [Usage(service, target) for target in sorted(targets)]
    services = tuple(Service(n, r) for n, r in replicas.items() if n not in stores)
    return Architecture(services, tuple(calls))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise BadOption(f"replicas is a number from 0, not {str(value)[:40]!r}")
    return value


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list | dict) else []


def _strings(value: object) -> list[str]:
    """Return the texts in ``value``, whatever lists and tables they are in; no names of keys."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in _strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return [value.partition("=")[2] or value] if isinstance(value, str) else []
