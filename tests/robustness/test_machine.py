"""What is wrong with the machine, or with what is asked: one line, and the status that is due."""

from __future__ import annotations

import errno
import json
import os
import resource
from pathlib import Path

import pytest

from command import Ended
from forked_command import closes, fails, forked, gone, limits
from small_programs import BANK, SOUND

LONG, DIGITS = "x" * 300, "9" * 5000
SHARED = ("--scheduler", "random", "--budget", "600", "--jobs", "4")
# each command with the status that it has where nothing is wrong
COMMANDS = {
    "run bank.py": 1, "run ok.py": 0, "corpus list": 0, "replay KEPT": 1, "schedulers": 0,
    "--help": 0, "run --help": 0, "--version": 0, "show KEPT --step 1": 0, "corpus test KEPT": 0,
    "corpus run --json": 1, "new bank:withdraw": 0, "what-if KEPT": 0, "models": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program that fails, one that does not, and the failure that is kept."""
    made = tmp_path_factory.mktemp("machine")
    (made / "bank.py").write_text(BANK, encoding="utf-8")
    (made / "ok.py").write_text(SOUND, encoding="utf-8")
    assert forked(made, "run", "bank.py").status == 1
    return made


def kept(folder: Path) -> str:
    (path,) = (folder / "corpus").glob("bank-*.json")
    return f"corpus/{path.name}"


def words(folder: Path, command: str) -> list[str]:
    return [kept(folder) if word == "KEPT" else word for word in command.split()]


def is_one_line(ended: Ended, start: str = "error: ") -> bool:
    return ended.err.startswith(start) and ended.err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_standard_output_leaves_the_verdict(folder: Path, command: str) -> None:
    ended = forked(folder, *words(folder, command), out="/dev/full")
    assert ended.status == (COMMANDS[command] or 74)
    assert is_one_line(ended)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_gone_leaves_the_verdict(folder: Path, command: str) -> None:
    ended = forked(folder, *words(folder, command), before=gone)
    assert (ended.status, ended.err) == (COMMANDS[command], "")


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_closed_streams_leave_the_verdict(folder: Path, closed: tuple[int, ...]) -> None:
    for command in ("run bank.py", "run ok.py", "corpus list", "replay KEPT", "schedulers"):
        ended = forked(folder, *words(folder, command), before=closes(*closed))
        assert (ended.status, ended.err) == (COMMANDS[command], "")
        assert bool(ended.out) == (1 not in closed)


def test_errors_that_nobody_can_read_leave_the_verdict(folder: Path) -> None:
    def full() -> None:
        os.dup2(os.open("/dev/full", os.O_WRONLY), 2)

    assert forked(folder, "run", "nope.py", before=full).status == 2
    assert forked(folder, "run", "ok.py", before=full, out="/dev/full").status == 74


@pytest.mark.parametrize(
    "command",
    [
        "run LONG.py", "run ok.py:LONG", "replay LONG.json", "report KEPT --html LONG.html",
        "corpus add KEPT --as LONG", "corpus list --corpus LONG", "run bank.py --junit LONG",
        "corpus test LONG", "what-if LONG", "show LONG --step 1", "doctor LONG", "run -m LONG",
        "run bank.py --observe LONG", "run bank.py --scheduler LONG",
    ],
)  # fmt: skip
def test_a_name_that_is_too_long_is_told_in_a_line(folder: Path, command: str) -> None:
    ended = forked(folder, *[w.replace("LONG", LONG) for w in words(folder, command)])
    assert (ended.status, ended.out, is_one_line(ended)) == (2, "", True)


@pytest.mark.parametrize(
    "command",
    [
        "run bank.py --jobs DIGITS", "what-if KEPT --atomic DIGITS", "run bank.py --budget DIGITS",
        "run bank.py --entropy DIGITS", "run bank.py --max-steps DIGITS", "run bank.py --jobs 500",
        "show KEPT --step DIGITS", "run bank.py --scheduler pct:depth=DIGITS",
        "run bank.py --jobs 0",
        "run bank.py --entropy 18446744073709551616", "run bank.py --entropy -9223372036854775809",
        "run bank.py --time-limit 1e400",
        "run bank.py --time-limit nan", "run bank.py --budget 0",
        "run bank.py --wall-limit nan",
        "run bank.py --wall-limit inf", "run bank.py --wall-limit 0",
        "run bank.py --observe os", "run bank.py --observe trio",
        "run bank.py --observe collections",
        "run /dev/zero", "run .", "replay /dev/zero", "replay .", "corpus list --corpus /dev/null",
        "report KEPT --html nope/x.html", "run ok.py --junit nope/x.xml", "report KEPT --html .",
        "corpus add KEPT --as ..", "corpus add KEPT --as a/b", "corpus add KEPT --as \ud800",
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_in_a_line(folder: Path, command: str) -> None:
    ended = forked(folder, *[w.replace("DIGITS", DIGITS) for w in words(folder, command)])
    assert (ended.status, ended.out, is_one_line(ended)) == (2, "", True)
    assert len(ended.err) < 2_100


@pytest.mark.parametrize("columns", ["²", DIGITS, "-1", "0", "x"])
def test_a_strange_width_is_none(folder: Path, columns: str) -> None:
    plain = forked(folder, "replay", kept(folder), env={"COLUMNS": "100"})
    strange = forked(folder, "replay", kept(folder), env={"COLUMNS": columns, "LINES": columns})
    assert strange == plain


@pytest.mark.parametrize("forks", [0, 1, 2, 3])
def test_where_there_are_no_more_processes_the_campaign_is_the_same(
    folder: Path, forks: int
) -> None:
    def few() -> None:
        real, count = os.fork, iter(range(forks))

        def fork() -> int:
            if next(count, None) is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            return real()

        os.fork = fork

    for name, status, told in (("bank", 1, "FAIL  bank.py:main"), ("ok", 0, "OK  ok.py:main")):
        ended = forked(folder, "run", f"{name}.py", *SHARED, before=few)
        assert (ended.status, ended.out.startswith(told)) == (status, True)


@pytest.mark.parametrize("most", [4, 5, 6, 7, 8, 10, 16])
def test_few_descriptors_cost_no_verdict(folder: Path, most: int) -> None:
    few = limits(resource.RLIMIT_NOFILE, most)
    ended = forked(folder, "run", "bank.py", before=few)
    assert (ended.status, ended.out[:4]) == (1, "FAIL")
    ended = forked(folder, "run", "ok.py", *SHARED, before=few)
    assert ended.status in {0, 74}  # 74: a module of ours could not be read
    assert ended.err == "" or is_one_line(ended)


@pytest.mark.parametrize("size", [100, 1_000, 10_000])
def test_a_report_that_does_not_fit_leaves_the_old_one(folder: Path, size: int) -> None:
    (folder / "r.html").write_text("old", encoding="utf-8")
    full = limits(resource.RLIMIT_FSIZE, size)
    ended = forked(folder, "report", kept(folder), "--html", "r.html", before=full)
    assert (ended.status, (folder / "r.html").read_text(encoding="utf-8")) == (74, "old")
    small = limits(resource.RLIMIT_FSIZE, 100)
    ended = forked(folder, "run", "ok.py", "--junit", "x.xml", before=small)
    assert (ended.status, (folder / "x.xml").exists()) == (74, False)
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []


def stored(corpus: Path) -> list[Path]:
    """Return the files of a corpus, but for the one by which commands wait for one another."""
    return sorted(path for path in corpus.iterdir() if path.name != ".lock")


def test_a_failure_that_does_not_fit_on_the_disk_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK, encoding="utf-8")
    full = limits(resource.RLIMIT_FSIZE, 700)
    ended = forked(tmp_path, "run", "bank.py", before=full, out="/dev/null")
    assert ended.status == 1
    assert ended.err.startswith("warning: the failure could not be saved in corpus: File too large")
    assert stored(tmp_path / "corpus") == []


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.EROFS])
def test_what_may_not_be_read_or_written_is_told_in_a_line(folder: Path, error: int) -> None:
    for command, where in (("run bank.py", "bank.py"), ("replay KEPT", "corpus/bank")):
        ended = forked(folder, *words(folder, command), before=fails(error, "open", where=where))
        assert ended.status in {2, 74}
        assert is_one_line(ended)
    listing = fails(error, "os.listdir", "os.scandir", where="corpus")
    assert forked(folder, "corpus", "list", before=listing).status in {2, 74}


def test_too_little_memory_is_a_crash_in_a_line(folder: Path) -> None:
    big = "import trio\nasync def main():\n    held = bytearray(10**9)\n    await trio.sleep(0)\n"
    (folder / "big.py").write_text(big, encoding="utf-8")

    def little() -> None:
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = used * resource.getpagesize() + 300_000_000
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    ended = forked(folder, "run", "big.py", before=little)
    assert (ended.status, "MemoryError" in ended.out) == (1, True)  # it is the program's own


def test_a_newer_file_and_one_that_cannot_be_read_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK, encoding="utf-8")
    forked(tmp_path, "run", "bank.py")
    path = tmp_path / kept(tmp_path)
    newer = json.dumps({**json.loads(path.read_text(encoding="utf-8")), "version": 2})
    path.write_text(newer, encoding="utf-8")
    ended = forked(tmp_path, "run", "bank.py")
    assert (ended.status, path.read_text(encoding="utf-8")) == (1, newer)
    other = path.with_name(path.name.replace(".json", "-2.json"))
    assert stored(tmp_path / "corpus") == sorted([path, other])


def test_a_damaged_file_is_put_aside_as_often_as_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK, encoding="utf-8")
    forked(tmp_path, "run", "bank.py")
    path = tmp_path / kept(tmp_path)
    for text in ("one", "two"):
        path.write_text(text, encoding="utf-8")
        assert forked(tmp_path, "run", "bank.py").status == 1
    aside = [p for p in stored(path.parent) if p != path]
    assert [p.read_text(encoding="utf-8") for p in aside] == ["one", "two"]
    assert [p.name.removeprefix(path.stem) for p in aside] == [".damaged", ".damaged-2"]


@pytest.mark.parametrize("kind", ["pipe", "endless", "folder"])
def test_what_is_no_regular_file_in_the_corpus_hangs_nothing(tmp_path: Path, kind: str) -> None:
    (tmp_path / "bank.py").write_text(BANK, encoding="utf-8")
    (tmp_path / "corpus").mkdir()
    path = tmp_path / "corpus/bank-aaaaaaaa.json"
    {"pipe": lambda: os.mkfifo(path), "endless": lambda: path.symlink_to("/dev/zero"),
     "folder": path.mkdir}[kind]()  # fmt: skip
    for command, status in (("corpus list", 0), ("corpus run", 3), ("run bank.py", 1)):
        assert forked(tmp_path, *command.split()).status == status, command


def test_a_seed_for_a_function_that_is_not_there_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK, encoding="utf-8")
    forked(tmp_path, "run", "bank.py")
    path = tmp_path / kept(tmp_path)
    text = BANK.replace("async def main", "open('ran', 'w').close()\nasync def other")
    (tmp_path / "bank.py").write_text(text, encoding="utf-8")
    ended = forked(tmp_path, "replay", json.loads(path.read_text(encoding="utf-8"))["seed"])
    assert (ended.status, is_one_line(ended), (tmp_path / "ran").exists()) == (2, True, False)


@pytest.mark.parametrize("scheduler", ["portfolio", "delay", "icb", "random"])
def test_one_of_a_thousand_million_takes_no_memory(tmp_path: Path, scheduler: str) -> None:
    text = 'async def main(world):\n    world.pick("id", range(10**9))\n    await trio.sleep(0)\n'
    (tmp_path / "picks.py").write_text(f"import trio\n{text}", encoding="utf-8")

    def little() -> None:
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = used * resource.getpagesize() + 200_000_000
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    asked = ("run", "picks.py", "--budget", "50", "--scheduler", scheduler)
    ended = forked(tmp_path, *asked, before=little)
    assert (ended.status, ended.err) == (0, "")
