"""The bugs worth keeping fail for ever in the same way, and their fixes do not."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
import trio

from kept_entries import entries
from raceexplore.search.corpus.entry import Entry
from raceexplore.search.corpus.replay import Replayed, replay_seed
from raceexplore.search.programs.target import find_file, split_reference

ROOT = Path(__file__).resolve().parents[2]
CORPUS = [entry for _, entry in entries(ROOT / "corpus")]


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # a seed names its program by a path inside the working directory


def by_program(entry: Entry) -> str:
    return entry.program


def test_each_broken_model_has_its_bug_in_the_corpus() -> None:
    files = (ROOT / "models").glob("*/*.py")
    # a story with an engine is told by `raceexplore chaos`: a run of a whole load is no corpus
    files = (path for path in files if not (path.parent / "engine.yaml").exists())
    broken = [path for path in files if path.name.startswith(("buggy", "wrong_fix"))]
    expected = sorted(f"{path.relative_to(ROOT).as_posix()}:main" for path in broken)
    assert sorted({entry.program for entry in CORPUS}) == expected


@pytest.mark.parametrize("entry", CORPUS, ids=by_program)
def test_a_kept_bug_is_reproduced_exactly(entry: Entry) -> None:
    replayed = replay_seed(entry.seed)
    assert (replayed.reproduced, replayed.skipped) == (True, ())
    if (platform.python_version(), trio.__version__) == (entry.python, entry.trio):
        assert replayed.run.digest == entry.digest  # other versions stop at other lines of trio


@pytest.mark.parametrize("entry", CORPUS, ids=by_program)
def test_the_fix_does_not_fail_on_the_same_seed(entry: Entry) -> None:
    path = find_file(split_reference(entry.program)[0])
    replayed: Replayed = replay_seed(entry.seed, str(path.with_name("fixed.py")))
    assert replayed.run.outcome == "passed"
