"""The command ``replay`` where the program, the seed or the file is not what it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from command import Rx
from raceexplore.kernel.trio_loop.loop import Loop
from small_programs import BANK
from stories import ROOT

ONE_SWITCH = ("--scheduler", "dfs:preemptions=1")  # finds the same failure for ever


def seed_of_the_bank(rx: Rx) -> str:
    value = json.loads(rx("run", "bank.py", *ONE_SWITCH, "--format", "json", bank=BANK).out)
    return str(value["failures"][0]["seed"])


def test_a_replay_on_a_changed_program_names_the_drift(rx: Rx) -> None:
    rx("run", "bank.py", *ONE_SWITCH, bank=BANK)
    (file,) = Path("corpus").glob("*.json")
    moved = rx("replay", str(file), bank=f"# a comment\n{BANK}")
    assert moved.status == 1
    told = " ".join(moved.out.split())
    assert "reproduced, with other events" in told
    assert "the program's source has changed" in told

    waits = BANK.replace("    seen = ", "    await trio.sleep(0)\n    seen = ")
    later = rx("replay", str(file), bank=waits)
    assert later.status == 1
    told = " ".join(later.out.split())
    assert "reproduced, aligned by the lines that tasks wait at: " in told
    assert "the program's source has changed" in told
    (keep,) = [line for line in later.out.splitlines() if line.startswith("keep this schedule")]
    assert rx("replay", keep.split()[7]).out.count("reproduced: it ends as the seed says") == 1

    fixed = BANK.replace("    await trio.lowlevel.checkpoint()\n", "    pass\n")
    gone = rx("replay", str(file), bank=fixed)
    assert gone.status == 4
    assert "error: the replay diverged: the run passed; " in gone.err
    assert "the program's source has changed" in gone.err
    assert "1 of 1 deviations found no place" in gone.err
    assert json.loads(rx("replay", str(file), "--format", "json").out)["reproduced"] is False


def test_a_replay_on_the_same_program_with_other_events_has_diverged(rx: Rx) -> None:
    rx("run", "bank.py", *ONE_SWITCH, bank=BANK)
    (file,) = Path("corpus").glob("*.json")
    value = json.loads(file.read_text(encoding="utf-8"))
    value |= {"digest": "0" * 16, "hash_probe": -1}
    file.write_text(json.dumps(value), encoding="utf-8")
    ended = rx("replay", str(file))
    assert ended.status == 4
    assert "the same failure, but the events differ from the recorded ones" in ended.err
    assert "strings hash differently (PYTHONHASHSEED)" in ended.err


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"version": 2}, "has format 2, made by a newer raceexplore"),
        ({"kind": 3}, "is damaged: kind is not of the kind it should be"),
        ({"more": 3}, "is not a corpus file, or a damaged one: got an unexpected keyword"),
        ({"seed": "rx1-abcd"}, "damaged or truncated seed"),
        ({"tasks": "main"}, "is damaged: tasks is not of the kind it should be"),
        ({"pins": [["task", "main", 1]]}, "is damaged: pins is not of the kind it should be"),
        ({"orders": [["main", 1]]}, "the order constraints are damaged"),
    ],
)
def test_a_strange_corpus_file_gets_one_line(rx: Rx, change: dict[str, Any], line: str) -> None:
    rx("run", "bank.py", *ONE_SWITCH, bank=BANK)
    (file,) = Path("corpus").glob("*.json")
    value = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(value | change), encoding="utf-8")
    ended = rx("replay", str(file))
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert line in ended.err
    assert "damaged: " in rx("corpus", "list").out


def test_a_damaged_seed_never_gets_a_traceback(rx: Rx) -> None:
    seed = json.loads(rx("run", "bank.py", *ONE_SWITCH, "--format", "json", bank=BANK).out)[
        "failures"
    ][0]["seed"]
    for end in range(4, len(seed)):
        assert rx("replay", seed[:end]).status == 2
    for place in range(4, len(seed)):
        other = "A" if seed[place] != "A" else "B"
        ended = rx("replay", seed[:place] + other + seed[place + 1 :])
        # the last letter holds spare bits: a change there may leave the same bytes
        assert ended.status == 2 or place == len(seed) - 1
        assert len(ended.err.splitlines()) <= 1


def test_a_seed_never_runs_a_file_outside_the_working_directory(
    rx: Rx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rx("run", "bank.py", *ONE_SWITCH, bank=BANK)
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    found = rx("run", "../bank.py")
    command = next(line for line in found.out.splitlines() if line.startswith("replay  "))
    *_, seed, path = command.split()
    assert path == "../bank.py:main"
    refused = rx("replay", seed)
    assert refused.status == 2
    assert "outside the working directory" in refused.err
    assert rx("replay", seed, path).status == 1


class Counted:
    """How often the run loop was started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs, real = 0, Loop.run

        def run(loop: Loop, *arguments: Any) -> None:
            self.runs += 1
            real(loop, *arguments)

        monkeypatch.setattr(Loop, "run", run)


@pytest.mark.parametrize("model", ["lost_update", "ticketing"])
def test_a_replay_is_one_run_and_at_most_five_for_reasons(
    model: str, rx: Rx, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = str(ROOT / "models" / model / "buggy.py")
    rx("run", program)
    (file,) = Path("corpus").glob("*.json")
    counted = Counted(monkeypatch)
    for name in (json.loads(file.read_text())["seed"], str(file)):
        counted.runs = 0
        told = rx("replay", name, program).out
        assert counted.runs <= 6
        assert "--explain: which ordering decides it" in told
    # what was found out then is in the file
    assert "One ordering decides it: keep it and the default schedule" in told
    assert "atomic, " in told


def test_a_replay_is_explained_if_that_is_asked_for(rx: Rx) -> None:
    program = str(ROOT / "models/lost_update/buggy.py")
    rx("run", program, "--no-explain")
    (file,) = Path("corpus").glob("*.json")
    told = rx("replay", str(file), program, "--explain").out
    assert "One ordering decides it: keep it and the default schedule fails" in told
    assert "With lines 14-16 of deposit atomic, no schedule fails (all 6 explored)." in told


def test_a_run_says_what_its_explanation_took_and_leaves_it_out_if_told_to(
    rx: Rx, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = str(ROOT / "models/lost_update/buggy.py")
    counted = Counted(monkeypatch)
    in_full = " ".join(rx("run", program).out.split())
    assert "more runs to shrink and explain what was found" in in_full
    assert counted.runs < 150
    counted.runs = 0
    shortly = rx("run", program, "--no-explain").out
    assert "decides it" not in shortly
    assert "Trio's own loop" not in shortly
    assert counted.runs < 50
