"""A kept failure is found again after an edit of the program that leaves the bug in it."""

from __future__ import annotations

import linecache
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from edits import EDITS, alone, one_file
from raceexplore import Limits, Program, explore
from raceexplore.kernel.seed import decode
from raceexplore.search.corpus.entry import Entry, entry_of
from raceexplore.search.corpus.levels import attempts, is_same
from raceexplore.search.programs.load import load_program
from raceexplore.search.programs.silence import silence
from raceexplore.search.why.why import why

STORIES = sorted(p.parent.name for p in Path(__file__).parents[3].glob("models/*/wrong_fix.py"))
MODELS = [f"{story}/{kind}" for story in STORIES for kind in ("buggy", "wrong_fix")]
WANTED = 0.95
CLASSICS = Path(__file__).parents[3] / "benchmarks" / "power_programs"
# random orders take more than 3,000 runs to find these, or an edited one
TOO_LONG = {"deep3", "reorder5", "reorder10", "reorder20", "two_stage20", "two_stage100"}


def program(text: str) -> Program:
    Path("model.py").write_text(text, encoding="utf-8")
    linecache.checkcache()
    return load_program("model.py")


def failures(of: Program, entropies: int) -> Iterator[Entry]:
    """Yield the failures that campaigns keep: for each entropy as found, and shrunk."""
    for entropy in range(entropies):
        for shrink in (True, False):
            campaign = explore(of, scheduler="random", entropy=entropy, budget=3_000, shrink=shrink)
            found = campaign.failures[0]
            yield entry_of(replace(found, why=why(found.run, Limits())), "0")


def levels(entry: Entry, of: Program, *, alone: bool = True) -> list[str]:
    """Return the levels at which ``entry`` reproduces on ``of``: each tried alone, or the first."""
    tried = attempts(of, decode(entry.seed), entry, Limits())
    found = (attempt.level for attempt in tried if is_same(entry, attempt.run))
    return list(dict.fromkeys(found)) if alone else list(islice(found, 1))


def measured(text: str, entropies: int, *, alone: bool) -> tuple[int, int, Counter[str]]:
    """Return the edits, the failures and how many replays reproduced at each level, and at none."""
    stored = list(failures(program(text), entropies))
    counts: Counter[str] = Counter()
    edits = 0
    for edit in EDITS.values():
        edited = edit(text)
        if edited == text:
            continue  # there is nothing of that kind in this model
        now = program(edited)
        found = explore(now, scheduler="random", budget=3_000).failures
        assert any(is_same(entry, found[0].run) for entry in stored), "the bug is another one"
        edits += 1
        for entry in stored:
            counts.update(levels(entry, now, alone=alone) or ["none"])
    return edits, len(stored), counts


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize("entropies", [1, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", MODELS)
def test_kept_failures_survive_the_edits_of_a_model(
    model: str, entropies: int, record_property: Callable[[str, object], None]
) -> None:
    with silence():
        edits, stored, counts = measured(one_file(model), entropies, alone=entropies > 1)
    assert edits >= 10
    total = edits * stored
    shares = [f"{name} {counts[name]}" for name in ("exact", "aligned", "guided", "none")]
    told = f"{model}: {edits} edits of {stored} failures, {total} replays: {', '.join(shares)}"
    record_property("printed", told)
    assert counts["none"] <= (1 - WANTED) * total, told


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted(CLASSICS.glob("*.py")), ids=lambda path: path.stem)
def test_kept_failures_survive_the_edits_of_classic_bugs(
    file: Path, record_property: Callable[[str, object], None]
) -> None:
    names = re.findall(r"^async def (?!together|_)(\w+)", file.read_text("utf-8"), re.MULTILINE)
    total: Counter[str] = Counter()
    replays = programs = 0
    for name in names:
        if name in TOO_LONG:
            continue
        with silence():
            edits, stored, counts = measured(alone(file, name), 1, alone=True)
        total += counts
        replays += edits * stored
        programs += 1
    shares = [f"{name} {total[name]}" for name in ("exact", "aligned", "guided", "none")]
    told = f"{file.stem}: {programs} programs, {replays} replays: {', '.join(shares)}"
    record_property("printed", told)
    assert total["none"] <= (1 - WANTED) * replays, told


def test_an_edit_that_removes_the_bug_is_not_taken_for_a_reproduction() -> None:
    with silence():
        stored = list(failures(program(one_file("lost_update/buggy")), 5))
        fixed = program(one_file("lost_update/fixed"))
        assert [levels(entry, fixed) for entry in stored] == [[]] * 10
