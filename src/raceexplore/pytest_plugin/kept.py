"""The corpus as tests use it: a test fails as it fails, whatever is wrong with the corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from raceexplore import __version__
from raceexplore.kernel.errors import RaceExploreError
from raceexplore.kernel.outcome import headline
from raceexplore.search.as_exception import ReportNote, RunFailed
from raceexplore.search.corpus.entry import entries_of, entry_of, save

if TYPE_CHECKING:
    from pathlib import Path

    from raceexplore.kernel.outcome import Run
    from raceexplore.search.campaign.found import Found
    from raceexplore.search.corpus.entry import Entry


def known_of(item: pytest.Item, program: str, folder: Path) -> list[tuple[Path, Entry]]:
    """Return what the corpus knows of ``program``; warn of files that cannot be read."""
    try:
        found, refused = entries_of(program, folder)
    except OSError as error:
        found, refused = [], [f"{folder} cannot be read: {error.strerror}"]
    for text in refused:
        _warn(item, f"not replayed: {text}")
    return found


def saved(item: pytest.Item, found: Found, folder: Path) -> str:
    """Save ``found``; return what to tell of that in a line, also if it could not be done."""
    try:
        return f"saved   {save(entry_of(found, __version__), folder)[0]}"
    except (OSError, RaceExploreError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        told = f"the failure could not be saved in {folder}: {why}"
        _warn(item, told)
        return f"warning: {told}"


def with_note(error: BaseException, run: Run, report: str) -> BaseException:
    """Return ``error`` with ``report`` as a note; where its class takes none, one of ours."""
    note = ReportNote(report)
    try:
        BaseException.add_note(error, note)
    except Exception:  # noqa: BLE001 its notes may be anything
        assert run.failure is not None
        error = RunFailed(headline(run.failure.kind, run.failure.message))
        error.add_note(note)
    return error


def _warn(item: pytest.Item, text: str) -> None:
    item.warn(pytest.PytestWarning(f"raceexplore: {text}"))
