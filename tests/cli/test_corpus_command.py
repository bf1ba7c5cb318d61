"""The commands ``corpus add``, ``run`` and ``test``: failures kept, and what became of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import raceexplore
from command import Rx
from small_programs import BANK, ORDERS

ONE_SWITCH = ("--scheduler", "dfs:preemptions=1")  # finds the same failure for ever
FIXED = BANK.replace("    bank.balance = seen - amount\n", "    bank.balance -= amount\n")
AWAITED = BANK.replace("    seen = ", "    await trio.sleep(0)\n    seen = ")


def names_in(folder: Path) -> list[str]:
    """Return what is in the corpus, but for the lock of those who change it."""
    return sorted({path.name for path in folder.iterdir()} - {".lock"})


def found(rx: Rx, *more: str) -> str:
    """Find the bank's failure with nothing kept; return its seed."""
    ended = rx("run", "bank.py", *ONE_SWITCH, "--format", "json", *more, bank=BANK)
    for path in Path("corpus").glob("*.json"):
        path.unlink()
    return str(json.loads(ended.out)["failures"][0]["seed"])


def test_a_kept_failure_is_written_whole_and_tells_what_to_do_next(rx: Rx) -> None:
    seed = found(rx)
    ended = rx("corpus", "add", seed, "--as", "lost-update")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "kept   corpus/lost-update.json",
        "       AssertionError: balance is 90, expected 70",
        "check  raceexplore corpus run lost-update",
        "test   raceexplore corpus test lost-update",
    ]
    entry = json.loads(Path("corpus/lost-update.json").read_text(encoding="utf-8"))
    assert (entry["program"], entry["seed"]) == ("bank.py:main", seed)
    assert entry["raceexplore"] == raceexplore.__version__
    assert entry["site"].startswith("main: assert bank.balance == 70")
    assert entry["tasks"] == ["main", "main/ann", "main/bob"]
    wait = "await trio.lowlevel.checkpoint()"
    assert entry["pins"] == [["task", "main/ann", 1, "main/bob", "withdraw", wait, [0, 0, 0]]]
    assert names_in(Path("corpus")) == ["lost-update.json"]


def test_the_line_that_a_report_names_keeps_its_failure_and_takes_the_place_of_the_saved_file(
    rx: Rx,
) -> None:
    told = rx("run", "bank.py", *ONE_SWITCH, bank=BANK).out.splitlines()
    (saved,) = Path("corpus").glob("*.json")
    (line,) = [text for text in told if text.startswith("keep ")]
    words = line.split()[1:]
    assert words[:3] == ["raceexplore", "corpus", "add"]
    ended = rx(*words[1:])
    assert ended.out.splitlines()[0] == (
        f"kept   corpus/bank-assertionerror.json, in the place of {saved}"
    )
    assert names_in(Path("corpus")) == ["bank-assertionerror.json"]
    # the next campaign does not save it a second time
    assert "saved   corpus/bank-assertionerror.json" in rx("run", "bank.py", *ONE_SWITCH).out
    assert names_in(Path("corpus")) == ["bank-assertionerror.json"]


def test_what_does_not_fail_now_is_not_kept(rx: Rx) -> None:
    seed = found(rx)
    ended = rx("corpus", "add", seed, "--as", "gone", bank=FIXED)
    assert (ended.status, ended.out) == (4, "")
    assert ended.err.startswith("error: nothing is kept, since this does not fail as recorded: ")
    assert names_in(Path("corpus")) == []


def test_a_long_schedule_is_shrunk_before_it_is_kept(rx: Rx) -> None:
    rx("run", "bank.py", "--scheduler", "dfs", bank=BANK)
    from raceexplore import Deviation, Schedule, Settings
    from raceexplore.kernel.seed import decode, encode

    seed = decode(found(rx))
    after = Deviation("task", "main/bob", 2, "main/ann")  # where bob has ended: not needed
    more = Schedule((*seed.schedule.deviations, after))
    longer = encode(seed.program, Settings(), more, seed.fingerprint)
    rx("corpus", "add", longer, "--as", "short")
    entry = json.loads(Path("corpus/short.json").read_text(encoding="utf-8"))
    assert decode(entry["seed"]).schedule == seed.schedule


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("add SEED", "Missing option '--as'"),
        ("add SEED --as Lost_Update", "say 'lost_update'"),
        ("add SEED --as ../x", "'../x' cannot be a name"),
        ("add SEED --as taken", "corpus/taken.json is there already"),
        ("add rx1-abc --as name", "damaged or truncated seed"),
        ("add gone.json --as name", "gone.json cannot be read"),
        ("run nothing", "nothing is kept as 'nothing' in corpus; it holds taken"),
        ("run --corpus nowhere", "there is no folder nowhere"),
        ("test rx1-abc", "damaged or truncated seed"),
        ("test nothing", "'nothing' is neither a seed (rx1-...) nor a corpus file"),
    ],
)
def test_wrong_input_gets_one_line(rx: Rx, arguments: str, line: str) -> None:
    seed = found(rx)
    rx("corpus", "add", seed, "--as", "taken")
    ended = rx("corpus", *arguments.replace("SEED", seed).split())
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert line in ended.err


def test_force_replaces_a_name(rx: Rx) -> None:
    seed = found(rx)
    Path("corpus/taken.json").write_text("{", encoding="utf-8")
    assert rx("corpus", "add", seed, "--as", "taken", "--force").status == 0
    assert json.loads(Path("corpus/taken.json").read_text(encoding="utf-8"))["seed"] == seed


def test_run_tells_each_kept_failure_in_a_line(rx: Rx) -> None:
    rx("corpus", "add", found(rx), "--as", "lost")
    told = "lost  bank.py:main  AssertionError: balance is 90, expected 70"
    still = rx("corpus", "run")
    assert (still.status, still.err) == (1, "")
    assert still.out.splitlines() == [f"reproduces  {told} (exact)", "1 kept: 1 reproduces"]

    edited = rx("corpus", "run", bank=AWAITED)
    assert edited.status == 1
    assert edited.out.startswith(f"reproduces  {told} (aligned); ")
    assert "the program's source has changed" in edited.out

    fixed = rx("corpus", "run", bank=FIXED)
    assert (fixed.status, fixed.err) == (0, "")
    assert fixed.out.splitlines()[0] == f"fixed       {told}; its schedule passes, and 200 others"

    gone = rx("corpus", "run", "lost", bank="")
    assert gone.status == 3
    assert gone.out.startswith(f"stale       {told}; bank.py has no async function 'main'")


def test_where_no_line_is_as_it_was_the_order_constraints_find_the_failure(rx: Rx) -> None:
    rx("corpus", "add", found(rx), "--as", "lost")
    other = AWAITED.replace("trio.lowlevel.checkpoint()", "trio.sleep(0)").replace(
        "withdraw", "pay"
    )
    ended = rx("corpus", "run", bank=other)
    assert ended.status == 1
    assert "balance is 90, expected 70 (guided); " in ended.out
    told = " ".join(rx("replay", "corpus/lost.json").out.split())
    assert "reproduced, guided by the order constraints that suffice: " in told


def test_run_does_not_take_another_order_of_the_same_bug_for_its_end(rx: Rx) -> None:
    rx("corpus", "add", found(rx), "--as", "lost")
    # the wait that the schedule is pinned to is gone, and so are ann and bob
    spelled = 'name="ann"', 'name="bob"'
    other = BANK.replace("trio.lowlevel.checkpoint()", "trio.sleep(0)")
    for name, instead in zip(spelled, ('name="first"', 'name="second"'), strict=True):
        other = other.replace(name, instead)
    assert rx("corpus", "run", bank=other).out.startswith("reproduces  lost  ")


def test_a_program_that_fails_otherwise_is_stale_and_a_failure_found(rx: Rx) -> None:
    rx("corpus", "add", found(rx), "--as", "lost")
    ended = rx("corpus", "run", bank=BANK.replace("    seen = ", "    seen = None + "))
    assert ended.status == 1
    assert ended.out.startswith("stale       lost  ")
    assert "it failed otherwise (TypeError: " in ended.out


def test_a_damaged_file_is_stale_and_the_others_are_told(rx: Rx) -> None:
    rx("corpus", "add", found(rx), "--as", "lost")
    Path("corpus/damaged.json").write_text("{", encoding="utf-8")
    ended = rx("corpus", "run", bank=FIXED)
    assert ended.status == 3
    first, second, total = ended.out.splitlines()
    assert first.startswith("stale       damaged; corpus/damaged.json is not a corpus file")
    assert second.startswith("fixed       lost")
    assert total == "2 kept: 1 fixed, 1 stale"


def test_json_says_the_same_to_tools(rx: Rx) -> None:
    seed = found(rx)
    rx("corpus", "add", seed, "--as", "lost")
    ended = rx("corpus", "run", "--json", bank=AWAITED)
    value = json.loads(ended.out)
    (entry,) = value["entries"]
    assert (ended.status, value["exit_status"], value["version"]) == (1, 1, 1)
    assert (entry["name"], entry["verdict"], entry["level"]) == ("lost", "reproduces", "aligned")
    assert (entry["program"], entry["seed"], entry["fails"]) == ("bank.py:main", seed, True)
    assert entry["file"] == "corpus/lost.json"


def test_programs_with_modules_of_the_same_name_do_not_meet(rx: Rx) -> None:
    for folder, amount in (("one", 1), ("two", 2)):
        Path(folder).mkdir()
        Path(folder, "amounts.py").write_text(f"EXPECTED = {amount}\n", encoding="utf-8")
        text = (
            "from amounts import EXPECTED\nasync def main():\n    assert EXPECTED == 0, EXPECTED\n"
        )
        Path(folder, "program.py").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "raceexplore", "run", f"{folder}/program.py"],
            env={**os.environ, "PYTHONPATH": source()}, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
    lines = rx("corpus", "run").out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [
        ["reproduces", path.stem] for path in sorted(Path("corpus").glob("*.json"))
    ]


def test_a_failure_of_a_test_is_left_to_pytest(rx: Rx) -> None:
    rx("corpus", "add", found(rx), "--as", "lost")
    path = Path("corpus/lost.json")
    entry = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(entry | {"program": "test_x.py::test_y"}), encoding="utf-8")
    ended = rx("corpus", "run")
    assert ended.status == 0
    assert ended.out.startswith("pytest      lost  test_x.py::test_y  ")


def source() -> str:
    return str(Path(raceexplore.__file__).parents[1])


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_kept.py"],
        cwd=folder, env={**os.environ, "PYTHONPATH": source(), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["seed", "file"])
def test_the_printed_test_fails_while_the_bug_lives_and_passes_when_it_is_fixed(
    rx: Rx, tmp_path: Path, kind: str
) -> None:
    seed = found(rx)
    rx("corpus", "add", seed, "--as", "lost")
    printed = rx("corpus", "test", seed if kind == "seed" else "corpus/lost.json")
    assert (printed.status, printed.err) == (0, "")
    if kind == "file":
        assert rx("corpus", "test", "lost").out == printed.out
    (tmp_path / "test_kept.py").write_text(printed.out, encoding="utf-8")

    alive = run_pytest(tmp_path)
    assert alive.returncode == 1, alive.stdout
    assert "balance is 90, expected 70" in alive.stdout
    assert "main/bob goes on after main/ann" in alive.stdout

    (tmp_path / "bank.py").write_text(FIXED, encoding="utf-8")
    fixed = run_pytest(tmp_path)
    assert fixed.returncode == 0, fixed.stdout

    (tmp_path / "bank.py").write_text(BANK.replace("bob", "eve"), encoding="utf-8")
    renamed = run_pytest(tmp_path)
    assert renamed.returncode == 1
    # a file knows the tasks there were, and finds the failure; a seed can only say it cannot
    told = "balance is 90, expected 70" if kind == "file" else "this test says nothing any more"
    assert told in renamed.stdout


def test_a_printed_test_is_python_whatever_the_failure_says(rx: Rx) -> None:
    text = 'async def main():\n    raise ValueError(\'"""\\\\ \\n\\x1b[31m # \')\n'
    ended = rx("run", "odd.py", "--format", "json", odd=text)
    seed = json.loads(ended.out)["failures"][0]["seed"]
    printed = rx("corpus", "test", seed).out
    compile(printed, "test_odd.py", "exec")
    assert "\x1b" not in printed


def test_two_bugs_of_one_program_are_told_apart(rx: Rx) -> None:
    value = json.loads(
        rx("run", "orders.py", "--stop", "never", "--budget", "300", "--format", "json",
           orders=ORDERS).out
    )  # fmt: skip
    for number, failure in enumerate(value["failures"]):
        rx("corpus", "add", failure["seed"], "--as", f"bug{number}")
    one_left = ORDERS.replace('assert order[0] != 2, "the third was first"', "pass")
    lines = rx("corpus", "run", orders=one_left).out.splitlines()
    told = {line.split("  ")[-1].split(";")[0]: line.split()[0] for line in lines[:-1]}
    third = [verdict for text, verdict in told.items() if "the third was first" in text]
    first = [verdict for text, verdict in told.items() if "the first was last" in text]
    assert first == ["reproduces"]
    assert third in (["fixed"], ["stale"])
