"""LitmusChaos' ChaosEngine manifests: its experiments with their tunables, and its probes.

Source: LitmusChaos' documentation, "Experiments" (pods) and "Resilience Probes". What an experiment
can be tuned by and is not simulated is refused by name; what only says how a cluster does it
(images, sockets, service accounts) says nothing here, and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.chaos.faults import ChaosPlan, Effect, FaultKind, Injection, Times
from raceexplore.sim.chaos.probes import Comparator, Watching
from raceexplore.sim.chaos.reading import comparator, duration, mode
from raceexplore.sim.unmodelled import Unmodelled, library

# How a cluster does it: of no consequence for what happens to the program.
SILENT = frozenset({
    "LIB", "LIB_IMAGE", "CONTAINER_RUNTIME", "SOCKET_PATH", "TARGET_CONTAINER", "NETWORK_INTERFACE",
    "TC_IMAGE", "CHAOS_NAMESPACE", "CHAOS_SERVICE_ACCOUNT", "INSTANCE_ID", "STRESS_IMAGE",
    "DEFAULT_HEALTH_CHECK", "TARGET_SERVICE_PORT", "PROXY_PORT", "STATUS_CHECK_DELAY",
    "STATUS_CHECK_TIMEOUT", "TERMINATION_GRACE_PERIOD_SECONDS",
})  # fmt: skip
COMMON = frozenset({
    "TOTAL_CHAOS_DURATION", "CHAOS_INTERVAL", "PODS_AFFECTED_PERC", "TARGET_PODS", "SEQUENCE",
    "RAMP_TIME", "RANDOMNESS",
})  # fmt: skip


def _flag(text: str) -> bool:
    return text.strip().lower() == "true"


def _only(wanted: str, text: str) -> bool:
    return text.strip() == wanted


def _listed(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _bandwidth(text: str) -> float:
    """Return the bytes a second of netem's ``1mbit``, ``100kbit`` or a bare number of bits."""
    units = {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9, "bit": 1.0, "": 1.0}
    number = text.strip().lower().rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text.strip().lower()[len(number) :]
    if unit not in units:
        raise BadOption(f"a bandwidth is like '1mbit', not {text!r}")
    return float(number) * units[unit] / 8


Read = Callable[[str], Any]
# Of each experiment: the tunable, the field of the effect that it is, and how it is read.
OWN: dict[FaultKind, dict[str, tuple[str, Read]]] = {
    FaultKind.POD_DELETE: {"FORCE": ("force", _flag)},
    FaultKind.CONTAINER_KILL: {"SIGNAL": ("", lambda text: _only("SIGKILL", text))},
    FaultKind.NETWORK_LATENCY: {
        "NETWORK_LATENCY": ("delay_s", lambda text: float(text) / 1000),
        "JITTER": ("jitter_s", lambda text: float(text) / 1000),
        "DESTINATION_HOSTS": ("to", _listed),
    },
    FaultKind.NETWORK_LOSS: {
        "NETWORK_PACKET_LOSS_PERCENTAGE": ("share", lambda text: float(text) / 100),
        "DESTINATION_HOSTS": ("to", _listed),
    },
    FaultKind.NETWORK_CORRUPTION: {
        "NETWORK_PACKET_CORRUPTION_PERCENTAGE": ("share", lambda text: float(text) / 100),
        "DESTINATION_HOSTS": ("to", _listed),
    },
    FaultKind.NETWORK_DUPLICATION: {
        "NETWORK_PACKET_DUPLICATION_PERCENTAGE": ("share", lambda text: float(text) / 100),
        "DESTINATION_HOSTS": ("to", _listed),
    },
    FaultKind.NETWORK_PARTITION: {"DESTINATION_HOSTS": ("to", _listed)},
    FaultKind.NETWORK_RATE_LIMIT: {
        "NETWORK_BANDWIDTH": ("rate", _bandwidth),
        "DESTINATION_HOSTS": ("to", _listed),
    },
    FaultKind.DNS_ERROR: {
        "TARGET_HOSTNAMES": ("to", _listed),
        "MATCH_SCHEME": ("", lambda text: _only("exact", text)),
    },
    FaultKind.HTTP_LATENCY: {"LATENCY": ("delay_s", lambda text: float(text) / 1000)},
    FaultKind.HTTP_RESET: {"RESET_TIMEOUT": ("", lambda text: _only("0", text))},
    FaultKind.HTTP_STATUS: {"STATUS_CODE": ("status", int)},
    FaultKind.HTTP_BODY: {"RESPONSE_BODY": ("body", str)},
    FaultKind.CPU_HOG: {"CPU_CORES": ("cores", float)},
    FaultKind.MEMORY_HOG: {
        "MEMORY_CONSUMPTION": ("size", lambda text: int(float(text) * 1_000_000))
    },
}
HTTP_OF = frozenset({"TOXICITY"})
DEFAULT_S = {FaultKind.POD_DELETE: (15.0, 5.0), FaultKind.CONTAINER_KILL: (20.0, 10.0)}
PROBES = ("httpProbe", "cmdProbe", "promProbe", "k8sProbe")


def read_engine(path: str | Path) -> ChaosPlan:
    """Return the plan of the ChaosEngine manifests in a file.

    A probe asks the check that the program offers under the probe's name, and compares its value as
    the manifest says: no command, query or request of a probe can be run here. Raises `Unmodelled`
    with the name of what cannot be honoured, `BadOption` for what is no engine, `MissingExtra`
    without PyYAML, and `OSError`.
    """
    yaml = library("yaml")
    try:
        documents = [each for each in yaml.safe_load_all(Path(path).read_text("utf-8")) if each]
    except yaml.YAMLError as error:
        raise BadOption(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    engines = [d for d in documents if isinstance(d, dict) and d.get("kind") == "ChaosEngine"]
    if not engines:
        raise BadOption(f"{path}: no ChaosEngine in it")
    faults: list[Injection] = []
    probes: dict[str, Watching] = {}
    for engine in engines:
        name = str(_at(engine, "metadata.name") or "engine")
        after_s = 0.0  # experiments of one engine follow one another, engines go side by side
        for experiment in _at(engine, "spec.experiments") or []:
            where = f"{path}: {name}: {experiment.get('name')}"
            own = [_probe(each, where) for each in _at(experiment, "spec.probe") or []]
            probes.update({each.name: each for each in own})
            fault = _fault(engine, experiment, own, where)
            faults.append(_after(fault, after_s))
            after_s += _length_s(fault)
        _is_active(engine, f"{path}: {name}")
    if not faults:
        raise BadOption(f"{path}: no experiments in it")
    return ChaosPlan(Path(path).stem, _distinct(faults), tuple(probes.values()))


def _length_s(fault: Injection) -> float:
    assert isinstance(fault.placing, Times)
    return fault.placing.start_s + fault.placing.total_s


def _after(fault: Injection, seconds: float) -> Injection:
    """Return a fault that begins so much later."""
    assert isinstance(fault.placing, Times)
    placing = replace(fault.placing, start_s=fault.placing.start_s + seconds)
    return replace(fault, placing=placing)


def _distinct(faults: list[Injection]) -> tuple[Injection, ...]:
    """Give experiments of one name a number."""
    found: dict[str, Injection] = {}
    for fault in faults:
        name, number = fault.name, 1
        while name in found:
            number += 1
            name = f"{fault.name} {number}"
        found[name] = replace(fault, name=name)
    return tuple(found.values())


def _is_active(engine: Mapping[str, Any], where: str) -> None:
    state = _at(engine, "spec.engineState") or "active"
    if state != "active":
        raise BadOption(f"{where}: its engineState is {state!r}: it does nothing")


def _fault(
    engine: Mapping[str, Any], experiment: Mapping[str, Any], probes: list[Watching], where: str
) -> Injection:
    kinds = {kind.value: kind for kind in OWN}
    name = str(experiment.get("name"))
    if name not in kinds:
        raise Unmodelled(f"{where}: experiment {name} is not simulated; {', '.join(kinds)} are")
    kind = kinds[name]
    environment = {
        str(each.get("name")): str(each.get("value", ""))
        for each in _at(experiment, "spec.components.env") or []
    }
    environment = {key: text for key, text in environment.items() if text.strip()}
    _check(environment, kind, where)
    effect = {
        field: read(environment[key])
        for key, (field, read) in OWN[kind].items()
        if key in environment and (field or _honoured(read, environment[key], f"{where}: {key}"))
    }
    effect.pop("", None)
    return Injection(
        name=name,
        kind=kind,
        effect=Effect(**effect),
        placing=_times(environment, kind, where),
        app=_app(engine, where),
        percent=int(environment.get("PODS_AFFECTED_PERC", "0")),
        pods=_listed(environment.get("TARGET_PODS", "")),
        sequence=environment.get("SEQUENCE", "parallel"),
        probes=tuple(each.name for each in probes),
    )


def _honoured(read: Read, text: str, where: str) -> bool:
    if not read(text):
        raise Unmodelled(f"{where}={text} is not simulated")
    return True


def _check(environment: Mapping[str, str], kind: FaultKind, where: str) -> None:
    """Raise `Unmodelled` for a tunable that nothing would be done with."""
    for key, text in environment.items():
        if key in SILENT or key in COMMON or key in OWN[kind]:
            continue
        if key in HTTP_OF and text == "100":
            continue
        raise Unmodelled(f"{where}: {key}={text} is not simulated; take it out")


def _times(environment: Mapping[str, str], kind: FaultKind, where: str) -> Times:
    total_s, interval_s = DEFAULT_S.get(kind, (60.0, 10.0))
    total_s = duration(environment.get("TOTAL_CHAOS_DURATION", total_s), f"{where}: duration")
    least: float | None = None
    text = environment.get("CHAOS_INTERVAL", "")
    if "-" in text:
        low, _, high = text.partition("-")
        least, interval_s = duration(low, where), duration(high, where)
    elif text:
        interval_s = duration(text, f"{where}: CHAOS_INTERVAL")
    if _flag(environment.get("RANDOMNESS", "false")):
        least = 1.0 if least is None else least
    else:
        least = None
    start_s = duration(environment.get("RAMP_TIME", 0.0), f"{where}: RAMP_TIME")
    return Times(start_s, total_s, interval_s, least)


def _app(engine: Mapping[str, Any], where: str) -> str:
    kind = str(_at(engine, "spec.appinfo.appkind") or "deployment")
    if kind != "deployment":
        raise Unmodelled(f"{where}: appkind {kind} is not simulated; deployment is")
    return str(_at(engine, "spec.appinfo.applabel") or "")


def _probe(table: Any, where: str) -> Watching:
    name, kind = str(table.get("name")), str(table.get("type"))
    place = f"{where}: probe {name}"
    if kind not in PROBES:
        raise Unmodelled(f"{place}: type {kind} is not simulated; {', '.join(PROBES)} are")
    inputs = table.get(f"{kind}/inputs") or {}
    run = {key.lower(): value for key, value in (table.get("runProperties") or {}).items()}

    def seconds(key: str, otherwise: float) -> float:
        return duration(run.get(key, otherwise), f"{place}: {key}")

    retries = int(run.get("retry", run.get("attempt", 1) if "attempt" in run else 0))
    return Watching(
        name=name,
        check=name,
        mode=mode(str(table.get("mode", "")), place),
        comparator=_comparator(kind, inputs, place),
        every_s=seconds("probepollinginterval", 1.0) or 1.0,
        delay_s=seconds("initialdelay", 0.0),
        retries=retries,
        interval_s=seconds("interval", 1.0),
        timeout_s=seconds("probetimeout", 60.0),
        stops=bool(run.get("stoponfailure", False)),
    )


def _comparator(kind: str, inputs: Mapping[str, Any], where: str) -> Comparator:
    if kind == "httpProbe":
        method = inputs.get("method") or {}
        asked = method.get("get") or method.get("post") or {}
        code = str(asked.get("responseCode", "200"))
        return comparator("string", str(asked.get("criteria", "==")), code, where)
    if kind == "k8sProbe":
        operation = str(inputs.get("operation", "present"))
        if operation not in {"present", "absent"}:
            raise Unmodelled(f"{where}: operation {operation} is not simulated")
        return comparator("bool", "==", "true" if operation == "present" else "false", where)
    asked = inputs.get("comparator") or {}
    otherwise = "float" if kind == "promProbe" else "string"
    sign, value = str(asked.get("criteria", "==")), str(asked.get("value", ""))
    return comparator(str(asked.get("type", otherwise)), sign, value, where)


def _at(document: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document
