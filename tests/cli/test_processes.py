"""The command line in processes of its own: Ctrl-C, hash seeds, pipes, and other folders."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import raceexplore
from kept_entries import entries
from small_programs import BANK, ORDERS, SOUND

COMMAND = [sys.executable, "-m", "raceexplore"]
# whoever runs these tests in the background has Ctrl-C ignored, and children inherit that
LISTEN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from raceexplore.cli import main; main()"
)
LISTENING = [sys.executable, "-c", LISTEN]
SOURCE = str(Path(raceexplore.__file__).parents[1])
PATIENCE_S = 60
SLOW = """
import trio


async def main():
    await trio.sleep(0)
    for _ in range(10**9):
        pass
    await trio.sleep(0)
"""
NEVER = """
async def main():
    while True:
        pass
"""


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "CI", "NO_COLOR"}}
    return {**kept, "PYTHONPATH": SOURCE, **more}


def rx(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**more),
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def interrupted(folder: Path, *arguments: str, ready: Path | None = None) -> tuple[int, str, str]:
    """Start the command, press Ctrl-C once it is at work, and return status, output, errors."""
    process = subprocess.Popen(
        [*LISTENING, *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + PATIENCE_S
    wanted = ready or folder / "started"
    while not wanted.exists() and time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


@pytest.mark.parametrize("text", [SOUND, SLOW, NEVER], ids=["quick", "slow", "never awaits"])
def test_ctrl_c_ends_a_campaign(tmp_path: Path, text: str) -> None:
    started = "import pathlib\npathlib.Path('started').touch()\n"
    (tmp_path / "program.py").write_text(started + text)
    status, out, err = interrupted(  # at random: the portfolio is done with a small program at once
        tmp_path, "run", "program.py", "--budget", "1000000000", "--scheduler", "random"
    )
    assert (status, "Traceback" in err) == (130, False)
    assert out == "" or out.startswith("INTERRUPTED  program.py:main  nothing found so far")


def test_ctrl_c_prints_and_keeps_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "orders.py").write_text(ORDERS)
    status, out, err = interrupted(
        tmp_path, "run", "orders.py", "--budget", "1000000000", "--stop", "never",
        "--scheduler", "random",  # the default one has soon seen all six orders
        ready=tmp_path / "corpus",
    )  # fmt: skip
    assert (status, err) == (130, "")
    assert out.startswith("FAIL  orders.py:main")
    assert "interrupted" in out
    kept = entries(tmp_path / "corpus")
    assert kept
    for path, entry in kept:
        again = rx(tmp_path, "replay", str(path))
        assert again.returncode == 1
        assert entry.message in again.stdout


def test_a_seed_replays_under_any_hash_seed_and_in_any_folder_with_the_program(
    tmp_path: Path,
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / "bank.py").write_text(BANK)
    found = rx(here, "run", "bank.py", "--format", "json", PYTHONHASHSEED="1")
    seed = json.loads(found.stdout)["failures"][0]["seed"]
    assert len(seed) < 120
    digests = set()
    for folder, hash_seed in ((here, "2"), (there, "3"), (there, "random")):
        again = rx(folder, "replay", seed, "--format", "json", PYTHONHASHSEED=hash_seed)
        value = json.loads(again.stdout)
        assert (again.returncode, value["reproduced"]) == (1, True)
        digests.add(value["digest"])
    assert len(digests) == 1
    lost = rx(tmp_path, "replay", seed)
    assert lost.returncode == 2
    assert lost.stderr.startswith("error: bank.py does not exist: this seed is of bank.py:main;")


def test_the_order_of_a_set_of_strings_is_drift_under_another_hash_seed(tmp_path: Path) -> None:
    names = [f"task{i}" for i in range(12)]
    (tmp_path / "names.py").write_text(
        f"import trio\nasync def work():\n    await trio.sleep(0)\n"
        f"async def main():\n    async with trio.open_nursery() as nursery:\n"
        f"        for name in set({names}):\n            nursery.start_soon(work, name=name)\n"
        f"    assert 0\n"
    )
    rx(tmp_path, "run", "names.py", PYTHONHASHSEED="1")
    (file,) = (tmp_path / "corpus").glob("*.json")
    ended = rx(tmp_path, "replay", str(file), PYTHONHASHSEED="2")
    assert ended.returncode == 4
    assert "strings hash differently (PYTHONHASHSEED)" in ended.stderr


def test_a_pipe_gets_plain_text_without_a_progress_bar(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK)
    ended = rx(tmp_path, "run", "bank.py")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "\x1b" not in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 100


def test_a_closed_pipe_does_not_change_the_status(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK)
    process = subprocess.Popen(
        [*COMMAND, "run", "bank.py"], cwd=tmp_path, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(PATIENCE_S), err) == (1, "")


@pytest.mark.parametrize("variable", ["NO_COLOR", "CI"])
def test_a_terminal_gets_a_bar_unless_told_otherwise(tmp_path: Path, variable: str) -> None:
    pexpect = pytest.importorskip("pexpect")
    (tmp_path / "sound.py").write_text(SOUND)

    def seen(**more: str) -> str:
        out = pexpect.run(
            f"{' '.join(COMMAND)} run sound.py --budget 3000", cwd=str(tmp_path),
            env=environment(TERM="xterm-256color", **more), timeout=PATIENCE_S, encoding="utf-8",
        )  # fmt: skip
        assert "OK" in out
        return str(out)

    plain, told = seen(), seen(**{variable: "1"})
    assert "/3,000 runs" in plain
    assert "\x1b[1;32mOK" in plain
    if variable == "CI":
        assert "/3,000 runs" not in told
    else:
        assert "\x1b[1;32m" not in told


def test_ctrl_c_ends_the_replay_of_kept_failures(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK)
    rx(tmp_path, "run", "bank.py")
    (tmp_path / "bank.py").write_text(f"import pathlib\npathlib.Path('started').touch()\n{NEVER}")
    status, out, err = interrupted(tmp_path, "corpus", "run")
    assert (status, out, err.strip()) == (130, "", "error: interrupted")


def test_of_many_who_keep_a_failure_under_one_name_one_does(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK)
    found = rx(tmp_path, "run", "bank.py", "--format", "json", "--corpus", "elsewhere")
    seed = json.loads(found.stdout)["failures"][0]["seed"]
    started = [
        subprocess.Popen(
            [*COMMAND, "corpus", "add", seed, "--as", "lost"], cwd=tmp_path, env=environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    said = [process.communicate(timeout=PATIENCE_S) for process in started]
    assert sorted(process.returncode for process in started) == [0, 2, 2, 2]
    refused = "error: corpus/lost.json is there already; take another name, or --force to replace"
    assert sum(err.startswith(refused) for _, err in said) == 3
    assert [(path.name, entry.seed) for path, entry in entries(tmp_path / "corpus")] == [
        ("lost.json", seed)
    ]
    assert {p.suffix for p in (tmp_path / "corpus").iterdir()} == {".json", ""}  # and the lock


def test_kept_failures_are_told_in_a_pipe_as_plain_lines(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK)
    rx(tmp_path, "run", "bank.py")
    ended = rx(tmp_path, "corpus", "run", FORCE_COLOR="")
    assert (ended.returncode, ended.stderr, len(ended.stdout.splitlines())) == (1, "", 2)
    assert "\x1b" not in ended.stdout
