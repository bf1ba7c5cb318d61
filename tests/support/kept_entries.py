"""The entries of a corpus."""

from __future__ import annotations

from pathlib import Path

from raceexplore.search.corpus.entry import Entry, read


def entries(folder: Path) -> list[tuple[Path, Entry]]:
    """Return the entries of ``folder``, by file name."""
    paths = sorted(p for p in folder.glob("*.json") if not p.name.startswith("."))
    return [(path, read(path)) for path in paths]
