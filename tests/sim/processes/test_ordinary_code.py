"""Ordinary code in a simulated process does what it does on a real machine, step by step."""

from __future__ import annotations

import fcntl
import io
import json
import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from raceexplore import Program, Replay, World, explore, run_once
from raceexplore.search.programs.load import load_program
from raceexplore.sim.processes import Process, Processes

CONFIG = Path("config.json")


def save_config(argv: list[str]) -> None:
    config = json.loads(CONFIG.read_text()) if CONFIG.exists() else {}
    config[argv[0]] = argv[1]
    with CONFIG.open("w") as file:
        json.dump(config, file)


def save_config_locked(argv: list[str]) -> None:
    with open("config.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        save_config(argv)


def two(command: Callable[[list[str]], None]) -> Program:
    async def program(world: World) -> None:
        machine = Processes(world)
        both = [machine.start(command, [key, "1"]) for key in "ab"]
        ended = [await process.wait() for process in both]
        config = json.loads(machine.files.text("/home/user/config.json"))
        assert ended.count(0) == len(config), (config, ended)

    return Program(program, "two", wants_world=True)


def test_a_users_own_code_loses_an_update_and_a_lock_mends_it() -> None:
    (found,) = explore(two(save_config), budget=100, explain=False).failures
    assert found.run.schedule.size == 1
    campaign = explore(two(save_config_locked), budget=300, stop="never", explain=False)
    assert campaign.failures == ()


def in_a_process(command: Callable[..., object], argv: list[str] | None = None) -> Process:
    done: list[Process] = []

    async def program(world: World) -> None:
        done.append(await Processes(world).run(command, argv or []))

    run = run_once(Program(program, "one", wants_world=True), Replay())
    assert run.failure is None, run.failure
    return done[0]


def modes() -> None:
    for mode in ("w", "r", "a", "r+", "w+", "x", "rb", "ab", "bw", "wr", "k"):
        try:
            with open("f", mode) as file:
                kinds = type(file).__name__, file.mode, file.readable(), file.writable()
                print(mode, *kinds, file.name, file.tell(), file.seekable(), file.isatty())
                if file.readable():
                    print(file.read())
                if file.writable():
                    file.write(b"12\n" if "b" in mode else "12\n")
        except (OSError, ValueError) as error:
            print(mode, type(error).__name__, error)
    with open("f", "r+b", buffering=0) as raw:
        print(raw.read(), raw.seek(-2, 2), raw.write(b"x"), raw.truncate(), raw.tell())
    with open("f", newline="\r\n", encoding="ascii", errors="replace") as file:
        print(list(file))
    with open("line", "w", buffering=1) as file:
        file.write("line\n")
        print(Path("line").read_text())


def folders() -> None:
    os.makedirs("a/b/c")
    for name in ("a/1", "a/b/2", "a/b/c/3"):
        Path(name).write_text(name)
    Path("a/link").symlink_to("b")
    print(sorted(os.listdir("a")), sorted(p.as_posix() for p in Path("a").rglob("*")))
    print([(d, sorted(s), sorted(f)) for d, s, f in os.walk("a")])
    print(Path("a/link").is_dir(), Path("a/link/2").read_text(), os.readlink("a/link"))
    print(sorted((e.name, e.is_dir(), e.is_file(), e.is_symlink()) for e in os.scandir("a")))
    shutil.copy("a/1", "a/copy")
    shutil.move("a/b/2", "a/moved")
    print(sorted(os.listdir("a")), os.stat("a/copy").st_size, os.path.getsize("a/1"))
    os.chmod("a/1", 0o600)
    print(oct(os.stat("a/1").st_mode), os.path.samefile("a/link", "a/b"), os.access("a/z", os.F_OK))
    os.chdir("a/b")
    print(Path.cwd().name, os.path.exists("../1"), Path("../1").resolve().name)
    shutil.rmtree("../../a")


def descriptors() -> None:
    number = os.open("f", os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o600)
    print(os.write(number, b"hello"), os.lseek(number, 1, os.SEEK_SET), os.read(number, 2))
    print(os.fstat(number).st_size, os.isatty(number), oct(os.fstat(number).st_mode))
    os.ftruncate(number, 3)
    os.fsync(number)
    with os.fdopen(number, "r") as file:
        print(file.read(), file.fileno() == number)
    try:
        os.read(number, 1)
    except OSError as error:
        print(error)
    for wrong in ("none/x", "f/x"):
        try:
            os.open(wrong, os.O_RDONLY)
        except OSError as error:
            print(error, error.filename)
    with open("f") as first, open("f", "r+") as second:
        fcntl.flock(first, fcntl.LOCK_EX)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            print(error)
        fcntl.flock(first, fcntl.LOCK_UN)
        fcntl.lockf(second, fcntl.LOCK_EX | fcntl.LOCK_NB)


def temporary() -> None:
    with tempfile.TemporaryDirectory(dir=".") as folder, tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")
        Path(folder, "y").touch()
        print(len(os.listdir(folder)))
    with tempfile.NamedTemporaryFile("w", dir=".", suffix=".json", delete=False) as named:
        json.dump({"a": 1}, named)
    os.replace(named.name, "f.json")
    print(os.listdir("."), json.loads(Path("f.json").read_text()))
    number, name = tempfile.mkstemp(dir=".", text=True)
    os.close(number)
    os.unlink(name)
    print(os.path.exists(name))


@pytest.mark.parametrize("command", [modes, folders, descriptors, temporary])
def test_a_script_prints_the_same_in_the_simulation_and_for_real(
    command: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    process = in_a_process(command)
    assert (process.exit, process.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    command()
    assert process.stdout == capsys.readouterr().out


NAMES = ("a", "b", "d", "d/a", "d/e", "d/e/f", "none/x", "../up")


def some_calls(argv: list[str]) -> None:
    """Do 25 calls that ``argv[0]`` draws, and print what each returns or raises."""
    draw = Random(int(argv[0]))
    opened: list[int] = []

    def number() -> int:
        return opened[draw.randrange(len(opened))]

    calls: list[Callable[[], object]] = [
        lambda: os.mkdir(draw.choice(NAMES)),
        lambda: os.rmdir(draw.choice(NAMES)),
        lambda: os.unlink(draw.choice(NAMES)),
        lambda: os.rename(draw.choice(NAMES), draw.choice(NAMES)),
        lambda: os.link(draw.choice(NAMES), draw.choice(NAMES)),
        lambda: os.symlink(draw.choice(NAMES[:4]), draw.choice(NAMES)),
        lambda: sorted(os.listdir(draw.choice((".", *NAMES)))),
        lambda: len(Path(draw.choice(NAMES[:2])).read_bytes()),
        lambda: os.stat(draw.choice(NAMES[:2])).st_nlink,
        lambda: opened.append(
            os.open(
                draw.choice(NAMES),
                draw.choice((os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND))
                | draw.choice((0, os.O_CREAT, os.O_CREAT | os.O_EXCL, os.O_CREAT | os.O_TRUNC)),
            )
        ),
        lambda: os.write(number(), bytes([draw.randrange(97, 123)]) * draw.randrange(5)),
        lambda: os.read(number(), draw.randrange(9)),
        lambda: os.lseek(number(), draw.randrange(9), draw.randrange(2)),
        lambda: os.ftruncate(number(), draw.randrange(6)),
        lambda: os.close(number()),
        lambda: Path(draw.choice(NAMES)).read_bytes(),
        lambda: Path(draw.choice(NAMES)).exists(),
    ]
    for _ in range(25):
        call = draw.randrange(len(calls))
        try:
            print(call, calls[call]())
        except (OSError, ValueError) as error:
            print(call, type(error).__name__, getattr(error, "errno", ""))
    for one in opened:
        try:
            os.close(one)
        except OSError:
            print("closed")


def test_drawn_calls_return_what_the_real_machine_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(150):
        simulated = in_a_process(some_calls, [str(seed)])
        place = tmp_path / str(seed) / "inner"
        place.mkdir(parents=True)
        monkeypatch.chdir(place)
        capsys.readouterr()
        some_calls([str(seed)])
        assert simulated.stdout == capsys.readouterr().out, seed


def unknown_pipe() -> None:
    os.mkfifo("x")


def unknown_database() -> None:
    sqlite3.connect(":memory:")


def unknown_file() -> None:
    try:
        io.FileIO("x", "w")
    except Exception:  # noqa: BLE001 that is no way around it
        print("nothing happened")


@pytest.mark.parametrize(
    ("command", "named"),
    [(unknown_pipe, "os.mkfifo()"), (unknown_database, "sqlite3.connect()"),
     (unknown_file, "the real open()")],
)  # fmt: skip
def test_what_is_not_modelled_is_refused_by_name(command: Callable[[], None], named: str) -> None:
    async def program(world: World) -> None:
        await Processes(world).run(command)

    run = run_once(Program(program, "one", wants_world=True), Replay())
    assert run.failure is not None
    assert named in run.failure.message
    assert not Path("x").exists()


def identity() -> None:
    print(os.getpid(), os.getcwd(), os.environ["HOME"], os.getenv("PATH"), Path.home())
    before = time.monotonic()
    time.sleep(3)
    print(time.monotonic() - before, random.random() < 1, tempfile.gettempdir())
    os._exit(7)


def test_a_process_has_a_number_an_environment_and_the_time_of_its_own() -> None:
    process = in_a_process(identity)
    assert process.exit == 7
    assert process.stdout == "1001 /home/user /home/user None /home/user\n3.0 True /tmp\n"


def careful() -> None:
    try:
        Path("lock").touch(exist_ok=False)
        time.sleep(5)
    finally:
        Path("lock").unlink()


def test_cleaning_up_after_a_kill_reaches_neither_the_simulated_file_nor_a_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lock").write_text("real")

    async def program(world: World) -> None:
        machine = Processes(world)
        process = machine.start(careful)
        await world.sleep(1)
        process.kill()
        assert machine.files.exists("/home/user/lock")

    assert run_once(Program(program, "one", wants_world=True), Replay()).failure is None
    assert Path("lock").read_text() == "real"


MODULE = """
from os import mkdir, listdir
from json import loads  # found while the program is loaded, and not on the simulated machine

from raceexplore.sim.processes import Processes


def command():
    import colorsys  # as is this one, while it runs
    mkdir("made")
    print(listdir())


async def main(world):
    process = await Processes(world).run(command)
    assert process.stdout == "['made']\\n", (process.stdout, process.stderr)
"""


def test_a_name_that_was_imported_from_os_leads_there_too(tmp_path: Path) -> None:
    file = tmp_path / "imports_names.py"
    file.write_text(MODULE)
    run = run_once(load_program(str(file)), Replay())
    assert run.failure is None, run.failure
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "__pycache__") == [file.name]
