"""Lists: the schedulers, the models and the corpus, as lines of styled text."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.outcome import headline
from raceexplore.report.story.words import clean, shown_path
from raceexplore.search.corpus.entry import read
from raceexplore.toolbox.by_name import available, options

if TYPE_CHECKING:
    from collections.abc import Iterator


def schedulers() -> Iterator[Text]:
    """Yield each scheduler: name, what it does, and its options with their defaults."""
    classes = available()
    width = max(map(len, classes))
    for name, scheduler in classes.items():
        first = (inspect.getdoc(scheduler) or "").split("\n")[0]
        yield Text().append(f"{name:<{width}}", "bold cyan").append(f"  {first}")
        has = ", ".join(f"{key}={value}" for key, value in options(scheduler).items())
        yield Text(f"{'':<{width}}  options: {has or 'none'}", "dim")
    yield Text()
    yield Text("use: raceexplore run PATH --scheduler NAME:option=value,option=value", "dim")


def models() -> Iterator[Text]:
    """Yield each program that comes with raceexplore: what it is, and how to run it."""
    spec = importlib.util.find_spec("raceexplore.models")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    for path in sorted(p for folder in folders for p in Path(folder).glob("*/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.name.startswith("_") or not _has_program(tree):
            continue
        first = (ast.get_docstring(tree) or "").split("\n")[0]
        yield Text().append(f"{path.parent.name}/{path.stem}", "bold cyan").append(f"  {first}")
        yield Text(f"    raceexplore run models/{path.parent.name}/{path.name}", "dim")


def corpus(folder: Path) -> Iterator[Text]:
    """Yield each entry of ``folder``; a damaged one is named, and the others are listed."""
    for path in sorted(p for p in folder.glob("*.json") if not p.name.startswith(".")):
        try:
            entry = read(path)
        except BadSeed as error:
            yield Text(f"damaged: {error}", "bold red")
            continue
        what = clean(headline(entry.kind, entry.message))
        yield Text().append(entry.program, "bold cyan").append(f"  {what}")
        yield Text(f"    found {entry.found_at}  raceexplore {entry.raceexplore}", "dim")
        yield Text(f"    raceexplore replay {shown_path(str(path))}", "green")


def _has_program(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.AsyncFunctionDef) and node.name in ("main", "program")
        for node in tree.body
    )
