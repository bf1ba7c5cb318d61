"""What kill -9 leaves of a command's files: before each of its file operations, and at any moment.

What a killed process leaves is what is on the disk at that moment: what it has not handed to the
system is lost. So to look at the disk before each operation of one run tells as much as to kill as
many runs; `kills` does that, too, to show that it is so.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import xml.dom.minidom
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from raceexplore.cli import call
from raceexplore.search.corpus.entry import read

CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.chmod", "os.truncate"}


class Left(NamedTuple):
    """What is there at a moment: how many failures are kept, and which files are not whole."""

    kept: int
    broken: list[str]


def left_in(folder: Path) -> Left:
    """Return what is there now."""
    return Left(len(list(folder.glob("corpus/[a-z]*.json"))), not_whole(folder))


def not_whole(folder: Path) -> list[str]:
    """Return the files of ``folder`` that cannot be read as what they are called."""
    found = []
    for path in sorted(folder.rglob("*")):
        text = path.read_text(encoding="utf-8") if path.is_file() else "-"
        try:
            if path.suffix == ".json" and path.parent.name == "corpus":
                read(path)
            elif path.suffix == ".json":
                json.loads(text)
            elif path.suffix in {".svg", ".xml"}:
                xml.dom.minidom.parseString(text)
            elif path.suffix == ".html" and not text.rstrip().endswith("</html>"):
                found.append(path.name)
        except Exception as error:  # noqa: BLE001 told, whatever it is
            found.append(f"{path.name}: {error}")
    return found


def is_change(event: str, arguments: Any) -> bool:
    """Return whether what Python tells of changes a file."""
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & 0x3
    return bool(writes or event in CHANGES) and not str(arguments[0]).startswith("/dev")


def looks(origin: Path, command: list[str]) -> list[Left]:
    """Do ``command`` once in a copy of ``origin``; return what is there before each operation."""
    work = fresh(origin)
    here, there = os.pipe()
    if os.fork() == 0:
        seen: list[Left] = []
        looking: list[None] = []

        def hook(event: str, arguments: Any) -> None:
            if not looking and is_change(event, arguments):
                looking.append(None)  # to look is to open files, too
                seen.append(left_in(work))
                looking.clear()

        _do(work, command, hook)
        os.write(there, json.dumps(seen).encode())
        os._exit(0)
    os.close(there)
    with open(here, "rb") as pipe:  # noqa: PTH123 it is a descriptor
        seen = json.loads(pipe.read())
    os.wait()
    return [Left(*left) for left in seen]


def kills(origin: Path, command: list[str]) -> Iterator[Left]:
    """Do ``command`` as often as it has operations, each time killed before another one."""
    nth = 0
    while True:
        nth += 1
        work = fresh(origin)
        child = os.fork()
        if child == 0:
            count = [0]

            def hook(event: str, arguments: Any, count: list[int] = count, last: int = nth) -> None:
                changes = is_change(event, arguments)
                count[0] += changes
                if changes and count[0] == last:
                    os.kill(os.getpid(), signal.SIGKILL)

            _do(work, command, hook)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return
        yield left_in(work)


def killed_after(origin: Path, command: list[str], after_s: float) -> tuple[bool, Left]:
    """Do ``command``, killed after so long; return whether it lived till then, and what is left."""
    work = fresh(origin)
    child = os.fork()
    if child == 0:
        _do(work, command, lambda *_: None)
        os._exit(0)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1]), left_in(work)


def fresh(origin: Path) -> Path:
    """Return a new copy of ``origin`` beside it."""
    work = origin.with_name("work")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(origin, work)
    return work


def _do(folder: Path, command: list[str], hook: Callable[[str, Any], None]) -> None:
    os.chdir(folder)
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    sys.addaudithook(hook)
    call(command)
