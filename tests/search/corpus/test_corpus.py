"""The corpus keeps the shortest seed of a bug, whole, and never loses a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kept_entries import entries
from raceexplore import BadSeed, explore
from raceexplore.search.corpus.entry import Entry, drift, entry_of, read, save
from raceexplore.search.programs.load import load_program
from small_programs import BANK


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Entry:
    monkeypatch.chdir(tmp_path)
    Path("bank.py").write_text(BANK, encoding="utf-8")
    (found,) = explore(load_program("bank.py"), scheduler="dfs").failures
    return entry_of(found, "0")


def test_what_is_saved_is_read_back(entry: Entry, tmp_path: Path) -> None:
    path, written = save(entry, tmp_path / "corpus")
    assert written
    assert path.name == f"bank-{entry.fingerprint}.json"
    assert entries(tmp_path / "corpus") == [(path, entry)]


def test_a_longer_seed_does_not_replace_a_shorter_one(entry: Entry, tmp_path: Path) -> None:
    longer = replace(entry, found_at="later")
    path, _ = save(entry, tmp_path)
    assert save(longer, tmp_path) == (path, False)
    assert read(path) == entry


def test_a_changed_program_replaces_its_entry(entry: Entry, tmp_path: Path) -> None:
    save(entry, tmp_path)
    changed = replace(entry, source_digest="other")
    path, written = save(changed, tmp_path)
    assert (written, read(path)) == (True, changed)


def test_a_damaged_file_is_put_aside(entry: Entry, tmp_path: Path) -> None:
    path, _ = save(entry, tmp_path)
    path.write_text("{", encoding="utf-8")
    assert save(entry, tmp_path) == (path, True)
    assert path.with_suffix(".damaged").read_text(encoding="utf-8") == "{"
    assert read(path) == entry


def test_every_truncation_is_noticed(entry: Entry, tmp_path: Path) -> None:
    path, _ = save(entry, tmp_path)
    text = path.read_text(encoding="utf-8").rstrip()
    for end in range(0, len(text), 7):
        path.write_text(text[:end], encoding="utf-8")
        with pytest.raises(BadSeed, match="bank-"):
            read(path)


def test_drift_is_named(entry: Entry) -> None:
    here = entry.source_digest
    assert drift(entry, entry.digest, here) == []
    assert drift(entry, "other", here) == ["the events differ from the recorded ones"]
    assert drift(replace(entry, trio="0.1"), entry.digest, here)[0].startswith("trio was 0.1, is ")
    assert drift(replace(entry, python="3.0"), entry.digest, "changed")[:1] == [
        "the program's source has changed"
    ]
    other_process = replace(entry, hash_probe=-1)
    assert drift(other_process, entry.digest, here) == []
    assert "PYTHONHASHSEED" in drift(other_process, "other", here)[1]
