"""The command ``what-if``, and what run, replay and report say of the section that would cure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import Rx
from small_programs import BANK

ONE_SWITCH = ("--scheduler", "dfs:preemptions=1")  # finds the same failure for ever
CURE = "With lines 10-12 of withdraw atomic, no schedule fails (all 2 explored)."
ALONE = """
async def main():
    assert 1 + 1 == 3
"""


def kept(rx: Rx) -> str:
    """The file of the bank's failure."""
    assert rx("run", "bank.py", *ONE_SWITCH, bank=BANK).status == 1
    (file,) = Path("corpus").glob("*.json")
    return str(file)


def test_run_and_replay_name_the_section(rx: Rx) -> None:
    assert CURE in rx("run", "bank.py", *ONE_SWITCH, bank=BANK).out
    assert CURE in rx("replay", kept(rx), "--explain").out


def test_run_and_replay_tell_tools_of_the_section(rx: Rx) -> None:
    file = kept(rx)
    for command in (("run", "bank.py", *ONE_SWITCH), ("replay", file, "--explain")):
        (failure,) = json.loads(rx(*command, "--format", "json").out)["failures"]
        assert failure["atomic"] == {
            "cure": {
                "spans": [{"file": "bank.py", "function": "withdraw", "first": 10, "last": 12}],
                "rivals": [],
                "cured": True,
                "runs": 4,
                "every_schedule": 2,
                "left_out": "",
                "failing_without": None,
                "why": "",
                "others": "",
            },
            "tried": 1,
            "gave_up": False,
            "refused": "",
        }


def test_the_page_names_the_section(rx: Rx) -> None:
    file = kept(rx)
    assert rx("report", file, "--html", "bank.html", "--explain").status == 0
    page = Path("bank.html").read_text(encoding="utf-8")
    assert CURE in page
    assert '"every_schedule":2' in page.replace(" ", "")


def test_what_if_shows_the_lines_to_protect(rx: Rx) -> None:
    ended = rx("what-if", kept(rx))
    assert ended.status == 0
    assert ended.out.splitlines() == [
        CURE,
        "  bank.py",
        "    10 | seen = bank.balance",
        "    11 | await trio.lowlevel.checkpoint()",
        "    12 | bank.balance = seen - amount",
    ]
    assert json.loads(rx("what-if", kept(rx), "--format", "json").out)["cure"]["cured"] is True


def test_what_if_answers_for_the_lines_that_the_user_names(rx: Rx) -> None:
    file = kept(rx)
    good = rx("what-if", file, "--atomic", "bank.py:10-12")
    assert (good.status, good.out.splitlines()[0]) == (0, CURE)
    bad = rx("what-if", file, "--atomic", "11-12")
    assert bad.status == 1
    assert bad.out.startswith("With lines 11-12 of withdraw atomic, a run still fails: Assertion")
    line = rx("what-if", file, "--atomic", "11", "--format", "json")
    assert json.loads(line.out)["spans"][0]["first"] == 11
    both = rx("what-if", file, "--atomic", "10-11", "--atomic", "12")
    assert both.out.startswith(
        "With lines 10-11 of withdraw and line 12 of withdraw under one lock"
    )


def test_what_if_tells_a_failure_that_lines_do_not_cure_from_the_one_asked_about(rx: Rx) -> None:
    file = kept(rx)
    hasty = BANK + "    assert withdraws == ['ann', 'bob']\n"
    hasty = hasty.replace("async def w", "withdraws = []\nasync def w").replace(
        "    seen", "    withdraws.append(trio.lowlevel.current_task().name)\n    seen"
    )
    hasty = hasty.replace("    bank = B", "    withdraws.clear()\n    bank = B")
    lines = hasty.splitlines()
    first, last = lines.index("    seen = bank.balance") + 1, lines.index(BANK.splitlines()[11]) + 1
    ended = rx("what-if", file, "--atomic", f"{first}-{last}", bank=hasty)
    assert ended.status == 0
    told = " ".join(ended.out.split())
    assert f"With lines {first}-{last} of withdraw atomic, no schedule fails in this way" in told
    assert "; but a run fails otherwise: AssertionError" in told


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ("bank.py", "--atomic is [FILE:]FROM[-TO], as shop.py:14-19, not 'bank.py'"),
        ("12-10", "the lines are counted from 1, downwards"),
        ("0", "the lines are counted from 1, downwards"),
        ("3", "no async function has"),
        ("other.py:3", "the program has no code in other.py:3-3"),
    ],
)
def test_what_if_refuses_lines_that_there_are_not(rx: Rx, asked: str, complaint: str) -> None:
    ended = rx("what-if", kept(rx), "--atomic", asked)
    assert ended.status == 2
    assert complaint in " ".join(ended.err.split())


def test_what_if_has_nothing_to_say_of_a_task_that_fails_alone(rx: Rx) -> None:
    rx("run", "alone.py", alone=ALONE)
    (file,) = Path("corpus").glob("alone*.json")
    ended = rx("what-if", str(file))
    assert ended.status == 1
    assert ended.out.startswith("Nothing to make atomic")


def test_what_if_refuses_what_does_not_fail_any_more(rx: Rx) -> None:
    file = kept(rx)
    fixed = BANK.replace("    await trio.lowlevel.checkpoint()\n", "    pass\n")
    ended = rx("what-if", file, bank=fixed)
    assert ended.status == 4
    assert "there is no failure to ask about: the run passed" in ended.err


def test_what_the_program_prints_is_not_shown(rx: Rx) -> None:
    noisy = BANK.replace("    seen = ", "    print('deposit')\n    seen = ")
    told = rx("run", "bank.py", *ONE_SWITCH, bank=noisy).out
    assert told.count("deposit") == 2  # what the failing run prints, once for each of its tasks
    (file,) = Path("corpus").glob("*.json")
    told = rx("what-if", str(file), "--atomic", "10-13").out
    assert told.count("deposit") == 1  # the source line
