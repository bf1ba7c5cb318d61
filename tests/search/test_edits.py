"""A kept failure is found again after an edit of the program that leaves the bug in it."""

from __future__ import annotations

import linecache
from collections import Counter
from pathlib import Path

import pytest

from edits import EDITS, one_file
from raceexplore import Limits, Program, explore
from raceexplore.kernel.seed import decode
from raceexplore.search.corpus import Entry, entry_of
from raceexplore.search.levels import attempts, is_same
from raceexplore.search.load import load_program
from raceexplore.search.silence import silence

STORIES = sorted(path.parent.name for path in Path(__file__).parents[2].glob("models/*/buggy.py"))
MODELS = [f"{story}/{kind}" for story in STORIES for kind in ("buggy", "wrong_fix")]
WANTED = 0.95
ENTROPIES = range(5)


def program(text: str) -> Program:
    Path("model.py").write_text(text, encoding="utf-8")
    linecache.checkcache()
    return load_program("model.py")


def failures(of: Program) -> list[Entry]:
    """Return the failures that five campaigns keep: each as found, and shrunk."""
    with silence():
        campaigns = [
            explore(of, scheduler="random", entropy=entropy, budget=3_000, shrink=shrink)
            for entropy in ENTROPIES
            for shrink in (True, False)
        ]
    return [entry_of(campaign.failures[0], "0") for campaign in campaigns]


def level(entry: Entry, of: Program) -> str:
    """Return the level at which ``entry`` reproduces on ``of``."""
    with silence():
        for attempt in attempts(of, decode(entry.seed), entry, Limits()):
            if is_same(entry, attempt.run):
                return attempt.level
    return "lost"


@pytest.mark.parametrize("model", MODELS)
def test_kept_failures_survive_the_edits_of_a_model(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: object
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    text = one_file(model)
    stored = failures(program(text))
    counts: Counter[str] = Counter()
    edits = 0
    for edit in EDITS.values():
        edited = edit(text)
        if edited == text:
            continue  # there is nothing of that kind in this model
        now = program(edited)
        with silence():
            found = explore(now, scheduler="random", budget=3_000).failures
        assert is_same(stored[0], found[0].run), "the edit has changed the bug"
        edits += 1
        counts.update(level(entry, now) for entry in stored)
    assert edits >= 10
    total = counts.total()
    assert total == edits * len(stored)
    told = ", ".join(f"{name} {counts[name]}" for name in sorted(counts))
    assert callable(record_property)
    record_property("printed", f"{model}: {edits} edits x {len(stored)} failures: {told}")
    assert counts["lost"] <= (1 - WANTED) * total, told


def test_an_edit_that_removes_the_bug_is_not_taken_for_a_reproduction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stored = failures(program(one_file("lost_update/buggy")))
    fixed = program(one_file("lost_update/fixed"))
    assert {level(entry, fixed) for entry in stored} == {"lost"}
