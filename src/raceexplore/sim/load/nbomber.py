"""NBomber's JSON configuration: which scenarios, and which load simulations each has.

Source: NBomber 5, src/NBomber/Configuration.fs and the page "JSON Config" of its documentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.load.phases import (
    Phase,
    inject,
    inject_random,
    iterations_for_constant,
    iterations_for_inject,
    keep_constant,
    pause,
    ramping_constant,
    ramping_inject,
)
from raceexplore.sim.unmodelled import Unmodelled

_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
# What says nothing of when requests begin: names, folders, formats, and what a user's code reads.
SILENT = {
    "TestSuite", "TestName", "ReportFileName", "ReportFolder", "ReportFormats",
    "ReportingInterval", "EnableHintsAnalyzer", "EnableStopTestForcibly", "CustomSettings",
    "ScenarioName", "LoadSimulationsSettings", "ScenariosSettings", "GlobalSettings",
    "TargetScenarios", "WarmUpDuration",
}  # fmt: skip
# For each simulation its function and what its values are: numbers, or spans of time.
KINDS: dict[str, tuple[Callable[..., Phase], str]] = {
    "RampingConstant": (ramping_constant, "nt"),
    "KeepConstant": (keep_constant, "nt"),
    "RampingInject": (ramping_inject, "ntt"),
    "Inject": (inject, "ntt"),
    "InjectRandom": (inject_random, "nntt"),
    "IterationsForConstant": (iterations_for_constant, "nn"),
    "IterationsForInject": (iterations_for_inject, "ntn"),
    "Pause": (pause, "t"),
}


def read_nbomber(path: str | Path) -> dict[str, Sequence[Phase]]:
    """Return the phases of each scenario of the file, those in ``TargetScenarios`` if it has any.

    Raises `Unmodelled` with the setting that cannot be honoured (``MaxFailCount``, a warm-up,
    clusters and their like), `BadOption` with the place of what cannot be read, and `OSError`.
    """
    try:
        document = json.loads(Path(path).read_text("utf-8-sig"))
    except ValueError as error:
        raise BadOption(f"{path}: not JSON: {error}") from None
    _check_names(document, str(path))
    settings = _at(_at(document, "GlobalSettings", path) or {}, "ScenariosSettings", path) or []
    targets = document.get("TargetScenarios")
    found: dict[str, Sequence[Phase]] = {}
    for each in settings:
        name = str(_at(each, "ScenarioName", path))
        if targets is not None and name not in targets:
            continue
        where = f"{path}: scenario {name}"
        _check_names(each, where)
        if _span(each.get("WarmUpDuration", "00:00:00"), where):
            raise Unmodelled(
                f"{where}: WarmUpDuration: in virtual time there is nothing to warm up"
            )
        if name in found:
            raise BadOption(f"{where}: there are two of this name")
        found[name] = [_phase(one, where) for one in each.get("LoadSimulationsSettings") or []]
        if not found[name]:
            raise BadOption(f"{where}: it has no LoadSimulationsSettings")
    if not found:
        raise BadOption(f"{path}: no ScenariosSettings in it, so no load")
    return found


def _check_names(document: Any, where: str) -> None:
    if not isinstance(document, dict):
        raise BadOption(f"{where}: expected an object, not {document!r}")
    for level in (document, document.get("GlobalSettings") or {}):
        odd = [name for name in level if name not in SILENT]
        if odd:
            raise Unmodelled(f"{where}: {odd[0]} is not simulated; take it out")


def _at(document: Any, name: str, where: object) -> Any:
    if not isinstance(document, dict):
        raise BadOption(f"{where}: expected an object with {name}, not {document!r}")
    return document.get(name)


def _phase(one: Any, where: str) -> Phase:
    if not isinstance(one, dict) or len(one) != 1:
        raise BadOption(f"{where}: a load simulation is an object with one name, not {one!r}")
    ((kind, values),) = one.items()
    if kind not in KINDS:
        raise Unmodelled(
            f"{where}: load simulation {kind} is not simulated; {', '.join(KINDS)} are"
        )
    function, form = KINDS[kind]
    values = values if isinstance(values, list) else [values]
    if len(values) != len(form):
        raise BadOption(f"{where}: {kind} has {len(form)} values, not {values!r}")
    place = f"{where}: {kind}"
    read = {"n": _number, "t": _span}
    given = [read[each](value, place) for each, value in zip(form, values, strict=True)]
    try:
        return function(*given)
    except BadOption as error:
        raise BadOption(f"{place}: {error}") from None


def _number(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadOption(f"{where}: expected a whole number, not {value!r}")
    return value


def _span(value: Any, where: str) -> float:
    """Return the seconds of .NET's ``[d.]hh:mm:ss[.fff]``."""
    found = _SPAN.fullmatch(str(value))
    if found is None:
        raise BadOption(f"{where}: a time is like '00:00:30', not {value!r}")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
