"""State that outlives a run ends every claim about all schedules, wherever it is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from command import Rx

MAIN = """
import trio
{above}

async def main():
    async def visit():
        {inside}
        await trio.sleep(0)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(visit)
        nursery.start_soon(visit)
"""
KEPT = {
    "a global": ("visits = []", "visits.append(1)", "the global 'visits'"),
    "a module": ("import sound_diary", "sound_diary.visits.append(1)",
                 "the global 'visits' of sound_diary"),
    "a module that a task imports": ("", "import sound_diary; sound_diary.visits.append(1)",
                                     "the global 'visits' of sound_diary"),
    "a class of a module": ("from sound_diary import Diary", "Diary.pages += 1",
                            "the global 'Diary' of sound_diary"),
    "a counter": ("import itertools\nnumbers = itertools.count()", "next(numbers)",
                  "the global 'numbers'"),
}  # fmt: skip
DIARY = "visits = []\n\nclass Diary:\n    pages = 0\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sound_diary.py").write_text(DIARY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sound_diary", raising=False)
    return tmp_path


@pytest.mark.parametrize(("above", "inside", "name"), KEPT.values(), ids=KEPT)
def test_what_a_run_leaves_behind_in_a_module_is_named_and_ends_the_proof(
    rx: Rx, folder: Path, above: str, inside: str, name: str
) -> None:
    (folder / "visits.py").write_text(MAIN.format(above=above, inside=inside))
    told = rx("prove", "visits.py")
    assert told.status == 3
    assert f"no proof: state outlives a run: {name}" in " ".join(told.out.split())
    told = rx("run", "visits.py", "--budget", "300")
    assert "complete" not in told.out
    assert f"warning: state outlives a run: {name};" in " ".join(told.out.split())


def test_what_each_run_makes_anew_outlives_none(rx: Rx, folder: Path) -> None:
    inside = "visits.append(1)"
    source = MAIN.format(above="visits = []", inside=inside)
    cleared = source.replace("    async def visit", "    visits.clear()\n    async def visit")
    (folder / "visits.py").write_text(cleared)
    assert rx("prove", "visits.py").status == 0


def test_what_a_module_is_filled_with_once_outlives_no_run(rx: Rx, folder: Path) -> None:
    inside = "visits[:] = visits or [1]"
    (folder / "visits.py").write_text(MAIN.format(above="visits = []", inside=inside))
    assert rx("prove", "visits.py").status == 0


def test_a_difference_in_a_module_that_a_task_imports_is_named(rx: Rx, folder: Path) -> None:
    inside = "import sound_diary as d; d.visits.append(1); await trio.sleep(len(d.visits))"
    (folder / "visits.py").write_text(MAIN.format(above="", inside=inside))
    told = rx("run", "visits.py")
    assert told.status == 4
    assert "the global 'visits' of sound_diary changed during it" in told.err


def test_without_its_asserts_nothing_is_proved(tmp_path: Path) -> None:
    (tmp_path / "coupon.py").write_text(
        "import trio\n\nasync def main():\n    await trio.sleep(0)\n    assert False\n"
    )
    command = [sys.executable, "-O", "-m", "raceexplore", "prove", "coupon.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert "no assert is checked" in ended.stdout
