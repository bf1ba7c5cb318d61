"""Tests that are explored: what they show, keep, replay and say."""

from __future__ import annotations

import json
import linecache
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytest_plugins = ["pytester"]

PROGRAM = """
import pytest, trio

async def withdraw_all(amounts):
    balance = 100

    async def withdraw(amount):
        nonlocal balance
        seen = balance
        await trio.lowlevel.checkpoint()
        balance = seen - amount

    async with trio.open_nursery() as nursery:
        for amount in amounts:
            nursery.start_soon(withdraw, amount)
    print("the balance is", balance)
    assert balance == 100 - sum(amounts)

@pytest.fixture
def amounts():
    return [1, 1]
"""
BUGGY = f"""{PROGRAM}
@pytest.mark.raceexplore(budget=100)
async def test_bank(amounts):
    await withdraw_all(amounts)
"""
SOUND = """
import pytest, trio

@pytest.mark.raceexplore(budget=30)
async def test_sound(world):
    world.pick("x", "ab")
    await trio.sleep(1)
"""


class Project:
    """A pytest project in a folder of its own, with our plugin and no other."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester, self.folder = pytester, pytester.path

    def run(self, *arguments: str, **files: str) -> pytest.RunResult:
        if files:
            self.pytester.makepyfile(**files)
            linecache.checkcache()  # each run stands for a process of its own
        ours = ("-p", "raceexplore.pytest_plugin", "-p", "no:cacheprovider")
        return self.pytester.runpytest_inprocess(*ours, *arguments)

    @property
    def corpus(self) -> list[Path]:
        return sorted(self.folder.glob("corpus/*.json"))


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return Project(pytester)


def seed_in(text: str) -> str:
    found = re.search(r"--race-replay=(rx1-\S+)", text)
    assert found is not None, text
    return found[1]


def test_a_marked_test_is_explored_and_passes_if_no_schedule_fails(project: Project) -> None:
    result = project.run("--junitxml=out.xml", test_sound=SOUND)
    result.assert_outcomes(passed=1)
    assert properties(project.folder / "out.xml") == {
        "raceexplore.schedules": "30",
        "raceexplore.verdict": "passed",
    }
    assert project.corpus == []


def properties(path: Path) -> dict[str, str]:
    found = ET.parse(path).iter("property")
    return {item.attrib["name"]: item.attrib["value"] for item in found}


def test_a_failing_test_shows_its_shrunk_report_once_with_the_command(project: Project) -> None:
    result = project.run("--junitxml=out.xml", test_bank=BUGGY)
    result.assert_outcomes(failed=1)
    told = result.stdout.str()
    assert told.count("FAIL  test_bank.py::test_bank") == 1
    assert told.count("the balance is 99") == 1  # printed by the failing run alone
    seed = seed_in(told)
    assert f"replay  pytest test_bank.py::test_bank --race-replay={seed}" in told
    assert told.count(seed) == 1
    told_to_ci = properties(project.folder / "out.xml")
    assert told_to_ci["raceexplore.seed"] == seed
    assert told_to_ci["raceexplore.verdict"] == "failed"


def test_a_seed_replays_one_test_on_that_schedule_alone(project: Project) -> None:
    seed = seed_in(project.run(test_bank=BUGGY, test_sound=SOUND).stdout.str())
    again = project.run(f"--race-replay={seed}")
    again.assert_outcomes(failed=1, deselected=1)
    assert "the balance is 99" in again.stdout.str()
    assert seed_in(again.stdout.str()) == seed
    mended = project.run(f"--race-replay={seed}", test_bank=BUGGY.replace("seen - amount", "97"))
    mended.assert_outcomes(failed=1, deselected=1)
    sound = BUGGY.replace("seen - amount", "balance - amount")
    project.run(f"--race-replay={seed}", test_bank=sound).assert_outcomes(passed=1, deselected=1)


def test_a_seed_without_its_test_or_that_is_none_is_wrong_usage(project: Project) -> None:
    seed = seed_in(project.run(test_bank=BUGGY).stdout.str())
    (project.folder / "test_bank.py").unlink()
    lost = project.run(f"--race-replay={seed}", test_a=SOUND, test_b=SOUND)
    assert lost.ret == pytest.ExitCode.USAGE_ERROR
    assert "belongs to 'test_bank.py::test_bank', which is none of the 2" in lost.stderr.str()
    wrong = project.run("--race-replay=nonsense")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    assert "not a raceexplore seed" in wrong.stderr.str()


def test_the_command_line_says_how_to_replay_the_seed_of_a_test(project: Project) -> None:
    from raceexplore.kernel.errors import BadProgram
    from raceexplore.search.corpus.replay import replay_seed

    seed = seed_in(project.run(test_bank=BUGGY).stdout.str())
    with pytest.raises(BadProgram, match=r"pytest test_bank.py::test_bank --race-replay"):
        replay_seed(seed)


def test_failures_of_earlier_sessions_are_replayed_first(project: Project) -> None:
    seed = seed_in(project.run(test_bank=BUGGY).stdout.str())
    [kept] = project.corpus
    assert json.loads(kept.read_text())["program"] == "test_bank.py::test_bank"
    # another source, and a budget of one schedule, which finds nothing
    edited = BUGGY.replace("budget=100", "budget=1, scheduler='dfs'").replace(
        "import p", "import json, p"
    )
    project.run("--race-no-corpus", test_bank=edited).assert_outcomes(passed=1)
    again = project.run(test_bank=edited)
    again.assert_outcomes(failed=1)
    assert seed_in(again.stdout.str()) == seed
    assert f"known   {kept}" in again.stdout.str()
    later = edited.replace("        seen =", "        await trio.sleep(0)\n        seen =")
    project.run("--race-no-corpus", test_bank=later).assert_outcomes(passed=1)
    found = project.run(test_bank=later)
    found.assert_outcomes(failed=1)
    assert seed_in(found.stdout.str()) != seed
    sound = BUGGY.replace("seen - amount", "balance - amount")
    project.run(test_bank=sound).assert_outcomes(passed=1)
    assert project.corpus == [kept]


def test_the_corpus_can_be_elsewhere_or_nowhere(project: Project) -> None:
    project.run("--race-no-corpus", test_bank=BUGGY).assert_outcomes(failed=1)
    assert project.corpus == []
    project.run("--race-corpus=kept/here").assert_outcomes(failed=1)
    assert len(list((project.folder / "kept/here").glob("*.json"))) == 1


def test_the_race_fixture_explores_and_replays_inside_a_plain_test(project: Project) -> None:
    test = f"""{PROGRAM}
def test_campaign(race):
    async def program(world):
        await trio.sleep(world.pick("x", [1, 2]))
    campaign = race.explore(program, budget=20, scheduler="pct:depth=2")
    assert (campaign.runs, campaign.scheduler) == (20, "pct:depth=2")

def test_bank(race, amounts):
    async def program():
        await withdraw_all(amounts)
    with pytest.raises(AssertionError) as caught:
        race.explore(program, budget=100)
    [note] = caught.value.__notes__
    seed = note.partition("--race-replay=")[2].split()[0]
    with pytest.raises(AssertionError):
        race.replay(program, seed)
    race.explore(program, budget=100)
"""
    result = project.run("--race-no-corpus", test_fixture=test)
    result.assert_outcomes(passed=1, failed=1)
    assert result.stdout.str().count("FAIL  test_fixture.py::test_bank") == 1


def test_options_come_from_the_command_line_then_the_mark_then_the_ini_file(
    project: Project,
) -> None:
    test = """
import pytest, trio

@pytest.mark.raceexplore(budget=4)
async def test_a():
    await trio.sleep(1)

@pytest.mark.raceexplore
async def test_b():
    await trio.sleep(1)
"""

    def runs(*arguments: str) -> list[str]:
        project.run("--junitxml=out.xml", *arguments).assert_outcomes(passed=2)
        items = ET.parse(project.folder / "out.xml").iter("property")
        return [i.attrib["value"] for i in items if i.attrib["name"] == "raceexplore.schedules"]

    project.pytester.makeini("[pytest]\nrace_budget = 3\nrace_scheduler = random\n")
    project.pytester.makepyfile(test_order=test)
    assert runs() == ["4", "3"]
    assert runs("--race-budget=2") == ["2", "2"]


def test_wrong_options_are_told_in_words(project: Project) -> None:
    test = """
import pytest

@pytest.mark.raceexplore(bugdet=3)
async def test_misspelt():
    pass

@pytest.mark.raceexplore(time="elestic")
async def test_time():
    pass
"""
    result = project.run(test_wrong=test)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*no option 'bugdet'; there are budget, entropy, *"])
    result.stdout.fnmatch_lines(["*time is 'strict' or 'elastic', not 'elestic'*"])
    plain = "import pytest\n@pytest.mark.raceexplore\ndef test_plain(): pass\n"
    refused = project.run(test_wrong=plain)
    refused.assert_outcomes(errors=1)
    refused.stdout.fnmatch_lines(["*test_plain: @pytest.mark.raceexplore is for async def tests*"])


def test_a_test_that_says_nothing_fails_in_words_of_its_own(project: Project) -> None:
    test = """
import pytest, trio

@pytest.mark.raceexplore(budget=5, virtual_s=2)
async def test_cut():
    for _ in range(9):
        await trio.sleep(1)

@pytest.mark.raceexplore(budget=5)
async def test_never(world):
    world.sometimes("the queue was full", False)

@pytest.mark.raceexplore(budget=5)
async def test_deadlock():
    await trio.sleep_forever()
"""
    result = project.run(test_words=test)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([
        "neither passed nor failed: no run came to its end; *passed the limit of 2 s",
        "neither passed nor failed: sometimes('the queue was full') held in no run",
        "1 task* for ever",
        "FAIL *::test_deadlock *",
    ])  # fmt: skip


def test_skip_and_xfail_work_as_ever(project: Project) -> None:
    test = f"""{PROGRAM}
@pytest.mark.raceexplore
async def test_skipped():
    pytest.skip("not today")

@pytest.mark.xfail(raises=AssertionError, strict=True)
@pytest.mark.raceexplore
async def test_expected(amounts):
    await withdraw_all(amounts)

class TestGroup:
    @pytest.mark.parametrize("amounts", [[1], [2]], indirect=False)
    @pytest.mark.raceexplore(budget=20)
    async def test_method(self, amounts):
        await withdraw_all(amounts)
"""
    project.run(test_usual=test).assert_outcomes(skipped=1, xfailed=1, passed=2)


def test_importing_the_plugin_imports_neither_hypothesis_nor_networkx() -> None:
    heavy = "{'hypothesis', 'networkx', 'rich', 'click'} & sys.modules.keys()"
    code = f"import sys, raceexplore.pytest_plugin; print({heavy})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
