"""WireMock's own mapping files, read as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from raceexplore.sim.http.mapping import PRIORITY, Mapping
from raceexplore.sim.http.wiremock.fields import Fields
from raceexplore.sim.http.wiremock.replies import reply_of
from raceexplore.sim.http.wiremock.requests import conditions_of
from raceexplore.sim.latency.quantiles import require

QUIET = ["id", "uuid", "persistent", "metadata", "insertionIndex"]  # of WireMock's own bookkeeping
REFUSED = ["postServeActions", "serveEventListeners", "newScenarioStateOnDelay"]


def mappings_of(path: Path) -> list[Mapping]:
    """Return the mappings of a file, a folder of files, or a WireMock root with ``mappings`` in it.

    Files are read in the order of their names, since of two mappings the one read last answers.
    Raises `ValueError`, `Unmodelled` and `OSError`, each naming the file.
    """
    if path.is_file():
        files, bodies = [path], path.parent.parent / "__files"
    else:
        root = path / "mappings" if (path / "mappings").is_dir() else path
        files, bodies = sorted(root.rglob("*.json")), root.parent / "__files"
        if not root.is_dir():
            raise FileNotFoundError(f"{path}: no such file or folder of WireMock mappings")
        if not files:
            raise ValueError(f"{root}: no mapping files (*.json) in it")
    return [mapping for file in files for mapping in _of_file(file, bodies)]


def _of_file(file: Path, bodies: Path) -> list[Mapping]:
    try:
        read: Any = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: not JSON: {error}") from None
    top = Fields(read, str(file))
    several = top.value.get("mappings")
    if several is None:
        return [_mapping(top, file.stem, bodies)]
    require(isinstance(several, list), f"{file}: mappings must be a list")
    made = [
        _mapping(Fields(each, f"{file}: mappings[{number}]"), f"{file.stem}[{number}]", bodies)
        for number, each in enumerate(several)
    ]
    top.take("mappings")
    top.skip("meta", "importOptions")
    top.done()
    return made


def _mapping(top: Fields, name: str, bodies: Path) -> Mapping:
    top.skip(*QUIET)
    top.refuse(*REFUSED)
    mapping = Mapping(
        conditions=conditions_of(top.part("request")),
        reply=reply_of(top.part("response"), bodies),
        name=top.text("name") or name,
        priority=top.number("priority", PRIORITY),
        scenario=top.text("scenarioName"),
        state=top.text("requiredScenarioState"),
        then=top.text("newScenarioState"),
    )
    top.done()
    if mapping.scenario is None and (mapping.state or mapping.then):
        raise ValueError(f"{top.where}: a scenario's state is given, but no scenarioName")
    return mapping
