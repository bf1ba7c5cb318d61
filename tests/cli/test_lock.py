"""The corpus is changed by one process at a time; who waits too long is told so, in structure."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from raceexplore.cli import call
from raceexplore.search.cli_score.lock_held import LockAnswer, lock_held
from raceexplore.search.corpus.entry import read
from raceexplore.search.programs import files

PROGRAM = """
import trio

async def main{n}():
    total = [0]

    async def add():
        before = total[0]
        await trio.lowlevel.checkpoint()
        total[0] = before + 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(add)
        nursery.start_soon(add)
    assert total[0] == 2
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files.session, "name", "")
    (tmp_path / "lost.py").write_text(PROGRAM.format(n=""))
    return tmp_path


def found(place: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert call(["run", "lost.py", "--no-explain"]) == 1
    capsys.readouterr()
    (entry,) = place.glob("corpus/*.json")
    return read(entry).seed


def test_a_held_lock_ends_with_5_and_a_structured_error(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = found(place, capsys)
    add = ["corpus", "add", seed, "--as", "one", "--lock-timeout", "0"]
    with FileLock(place / "corpus" / ".lock"):
        assert call([*add, "--format", "json"]) == 5
        error = json.loads(capsys.readouterr().err)["error"]
        assert error["code"] == "LOCK_HELD"
        assert error["suggestion"].startswith("try again when it has ended")
        assert lock_held(json.dumps(error)) == LockAnswer(500)
        assert call(add) == 5
        told = capsys.readouterr().err
        assert told.startswith("error: LOCK_HELD: another process is changing corpus")
        assert told.endswith("retry after 500 ms\n")
        # what was found is told all the same
        assert call(["run", "lost.py", "--no-explain", "--lock-timeout", "0"]) == 5
        printed = capsys.readouterr()
        assert "rx1-" in printed.out
        assert "LOCK_HELD" in printed.err
    assert call(add) == 0
    assert (place / "corpus" / "one.json").is_file()


def test_temporary_files_are_named_by_the_session(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = found(place, capsys)
    seen: list[str] = []
    replace = Path.replace

    def note(self: Path, target: Path) -> Path:
        seen.append(self.name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", note)
    add = ["corpus", "add", seed, "--force"]
    assert call([*add, "--as", "one", "--session-id", "agent-7"]) == 0
    assert call([*add, "--as", "two"]) == 0
    assert seen[0].endswith(".agent-7.draft")
    assert re.search(r"\.[0-9a-f]{8}\.draft$", seen[1])
    assert call([*add, "--as", "three", "--session-id", "../x"]) == 2
    assert "--session-id takes up to 32 letters" in capsys.readouterr().err


def side_by_side(place: Path, commands: list[list[str]]) -> list[int]:
    def one(words: list[str]) -> int:
        tool = [sys.executable, "-m", "raceexplore", *words]
        return subprocess.run(tool, cwd=place, check=False, capture_output=True).returncode

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(one, commands))


def check_parallel(place: Path, capsys: pytest.CaptureFixture[str], count: int) -> None:
    seed = found(place, capsys)
    names = [f"kept-{n}" for n in range(count)]
    adds = [["corpus", "add", seed, "lost.py", "--as", name] for name in names]
    assert side_by_side(place, adds) == [0] * count
    for n in range(count):
        (place / f"lost{n}.py").write_text(PROGRAM.format(n=n))
    runs = [["run", f"lost{n}.py:main{n}", "--no-explain"] for n in range(count)]
    assert side_by_side(place, runs) == [1] * count
    kept = [read(path) for path in place.glob("corpus/*.json")]
    assert sorted({entry.program for entry in kept}) == sorted(
        ["lost.py:main", *[f"lost{n}.py:main{n}" for n in range(count)]]
    )
    assert {path.stem for path in place.glob("corpus/*.json")} >= set(names)


def test_commands_side_by_side_lose_no_entry(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_parallel(place, capsys, 2)


@pytest.mark.slow
def test_64_commands_side_by_side_lose_no_entry(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_parallel(place, capsys, 64)


KILLED = """
import os, signal, sys
from pathlib import Path
from raceexplore.cli import call

kinds = {"write": (os, "fsync"), "rename": (Path, "replace"), "unlink": (Path, "unlink")}
owner, name = kinds[sys.argv[1]]
real, left = getattr(owner, name), int(sys.argv[2])

def killing(*args, **options):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **options)

setattr(owner, name, killing)
call(sys.argv[3:])
"""


@pytest.mark.parametrize(("kind", "nth"), [("write", 1), ("rename", 0)])
def test_a_kill_loses_nothing_that_was_kept(
    place: Path, capsys: pytest.CaptureFixture[str], kind: str, nth: int
) -> None:
    seed = found(place, capsys)
    assert call(["corpus", "add", seed, "--as", "one"]) == 0
    before = (place / "corpus" / "one.json").read_bytes()
    add = ["corpus", "add", seed, "lost.py", "--as", "one", "--force"]
    code = subprocess.run(
        [sys.executable, "-c", KILLED, kind, str(nth), *add], cwd=place, check=False
    ).returncode
    assert code == -9
    now = read(place / "corpus" / "one.json")
    assert (now.seed, bool(before)) == (seed, True)
    assert call([*add, "--lock-timeout", "0"]) == 0  # the lock of who died is free
    assert [path.name for path in (place / "corpus").iterdir() if "draft" in path.name] == []
