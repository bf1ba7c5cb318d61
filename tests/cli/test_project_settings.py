"""[tool.raceexplore] in pyproject.toml: defaults for the command line and for pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Rx

STEADY = """
import trio

async def wait():
    await trio.sleep(0)

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
"""


def settle(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.raceexplore]\n{text}\n", encoding="utf-8")


def test_what_the_project_sets_is_the_default(rx: Rx, tmp_path: Path) -> None:
    settle(tmp_path, 'budget = 7\nscheduler = "random"\nentropy = 3')
    out = rx("run", "steady.py", steady=STEADY).out
    assert out.startswith("OK  steady.py:main  no failure found\nexplored 7 runs in ")
    assert "scheduler random; entropy 3; budget spent" in out
    assert "explored 2 runs" in rx("run", "steady.py", "--budget", "2").out


def test_the_corpus_is_the_project_s_wherever_one_stands(
    rx: Rx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(tmp_path, 'corpus = "kept"')
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    broken = STEADY.replace("await trio.sleep(0)", "raise ValueError")
    assert rx("run", "../broken.py", broken=broken).status == 1
    assert [path.parent.name for path in tmp_path.rglob("broken-*.json")] == ["kept"] or [
        path.parent.name for path in tmp_path.rglob("*-broken-*.json")
    ] == ["kept"]
    monkeypatch.chdir(tmp_path)
    assert "ValueError" in rx("corpus", "list").out


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("budgit = 3", "there is no key 'budgit'; did you mean budget?"),
        ("budget = 0", "budget is a whole number from 1, not 0"),
        ("budget = true", "budget is a whole number from 1, not True"),
        ('budget = "many"', "budget is a whole number from 1, not 'many'"),
        ('time = "slow"', "time is 'strict' or 'elastic', not 'slow'"),
        ('observe = "anyio"', """observe is a list of packages, as ["anyio"], not 'anyio'"""),
        ("corpus = 3", "corpus is a text, not 3"),
    ],
)
def test_a_wrong_value_is_one_clear_line(rx: Rx, tmp_path: Path, line: str, why: str) -> None:
    settle(tmp_path, line)
    ended = rx("run", "steady.py", steady=STEADY)
    file = (tmp_path / "pyproject.toml").resolve()
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"error: {file}, [tool.raceexplore]: {why}\n"


def test_a_file_that_is_no_toml_is_one_clear_line(rx: Rx, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("budget = = 3")
    ended = rx("run", "steady.py", steady=STEADY)
    assert ended.status == 2
    assert ended.err.count("\n") == 1
    assert "cannot be read: Invalid value" in ended.err


def test_help_and_completion_need_no_sound_settings(
    rx: Rx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(tmp_path, "budgit = 3")
    assert rx("--help").status == 0
    monkeypatch.setenv("_RACEEXPLORE_COMPLETE", "bash_source")
    ended = rx()
    assert (ended.status, ended.err) == (0, "")
    assert "_raceexplore_completion" in ended.out
    monkeypatch.setenv("_RACEEXPLORE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "raceexplore run --scheduler por")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert rx().out == "plain,portfolio\n"


def test_prove_takes_what_run_takes(rx: Rx) -> None:
    options = ("--time-limit", "5", "--entropy", "2", "--junit", "out.xml")
    assert rx("prove", "steady.py", *options, steady=STEADY).status == 0
    assert Path("out.xml").is_file()
