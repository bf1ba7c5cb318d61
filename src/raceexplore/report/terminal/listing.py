"""Lists: schedulers, models, the corpus, what the doctor found, as lines of styled text."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.outcome import headline
from raceexplore.report.story.clean import clean
from raceexplore.report.story.words import shown_path
from raceexplore.search.corpus.entry import paths_of, read
from raceexplore.toolbox.by_name import available, options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from raceexplore.search.campaign.doctor import Finding

STYLES = {"ok": "green", "note": "yellow", "wrong": "bold red"}  # of what the doctor finds


def scheduler_values() -> list[dict[str, Any]]:
    """Return each scheduler: name, what it does, and its options with their defaults."""
    return [
        {
            "name": name,
            "what": (inspect.getdoc(scheduler) or "").split("\n")[0],
            "options": options(scheduler),
        }
        for name, scheduler in available().items()
    ]


def model_values() -> list[dict[str, str]]:
    """Return each program that comes with raceexplore: name, what it is, and its path."""
    return [{"name": name, "what": what, "path": f"models/{name}.py"} for name, what in _models()]


def schedulers() -> Iterator[Text]:
    """Yield each scheduler: name, what it does, and its options with their defaults."""
    values = scheduler_values()
    width = max(len(value["name"]) for value in values)
    for value in values:
        name, first = value["name"], value["what"]
        yield Text().append(f"{name:<{width}}", "bold cyan").append(f"  {first}")
        has = ", ".join(f"{key}={default}" for key, default in value["options"].items())
        yield Text(f"{'':<{width}}  options: {has or 'none'}", "dim")
    yield Text()
    yield Text("use: raceexplore run PATH --scheduler NAME:option=value,option=value", "dim")


def models() -> Iterator[Text]:
    """Yield each program that comes with raceexplore: what it is, and how to run it."""
    for name, first in _models():
        yield Text().append(name, "bold cyan").append(f"  {first}")
        yield Text(f"    raceexplore run models/{name}.py", "dim")


def _models() -> Iterator[tuple[str, str]]:
    spec = importlib.util.find_spec("raceexplore.models")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    for path in sorted(p for folder in folders for p in Path(folder).glob("*/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.name.startswith("_") or not _has_program(tree):
            continue
        first = (ast.get_docstring(tree) or "").split("\n")[0]
        yield f"{path.parent.name}/{path.stem}", first


def corpus(folder: Path) -> Iterator[Text]:
    """Yield each entry of ``folder``; a damaged one is named, and the others are listed."""
    for path in paths_of(folder):
        try:
            entry = read(path)
        except BadSeed as error:
            yield Text(f"damaged: {error}", "bold red")
            continue
        what = clean(headline(entry.kind, entry.message))
        yield Text().append(entry.program, "bold cyan").append(f"  {what}")
        yield Text(f"    found {entry.found_at}  raceexplore {entry.raceexplore}", "dim")
        yield Text(f"    raceexplore replay {shown_path(str(path))}", "green")


def corpus_values(folder: Path) -> list[dict[str, Any]]:
    """Return each entry of ``folder`` as plain data; of a damaged one, what is wrong with it."""
    found: list[dict[str, Any]] = []
    for path in paths_of(folder):
        try:
            found.append({"file": str(path), **asdict(read(path))})
        except BadSeed as error:
            found.append({"file": str(path), "damaged": str(error)})
    return found


def _has_program(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.AsyncFunctionDef) and node.name in ("main", "program")
        for node in tree.body
    )


def findings(found: Iterable[Finding]) -> Iterator[Text]:
    """Yield a line for each finding, and one more where there is something to change."""
    for finding in found:
        yield Text.assemble((f"{finding.level:<7}", STYLES[finding.level]), finding.what)
        if finding.advice:
            yield Text(f"       {finding.advice}", "bold")
