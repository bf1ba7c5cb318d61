"""Run a command many times, each time killed before another one of its file operations.

``python killed.py FOLDER COMMAND...``: for each operation a fork does the command in a fresh copy
of FOLDER, and dies before it. What is told is a line for each: the files that are not whole.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import xml.dom.minidom
from pathlib import Path
from typing import Any

from raceexplore.cli import call
from raceexplore.search.corpus.entry import read

CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.chmod", "os.truncate"}
counted, last = [0], [-1]


def hook(event: str, arguments: Any) -> None:
    """Count a file operation that changes something; die before the one that is to be the last."""
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & 0x3
    if not (writes or event in CHANGES) or str(arguments[0]).startswith("/dev"):
        return
    counted[0] += 1
    if counted[0] == last[0]:
        os.kill(os.getpid(), signal.SIGKILL)


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


def once(folder: Path, command: list[str], nth: int, pipe: int) -> None:
    """Do ``command`` in ``folder`` and die before its nth file operation; tell how many it has."""
    os.chdir(folder)
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    counted[0], last[0] = 0, nth
    call(command)
    os.write(pipe, str(counted[0]).encode())
    os._exit(0)


def main(origin: Path, command: list[str]) -> None:
    """Do it all; print a line for each operation before which the command was killed."""
    sys.addaudithook(hook)
    nth, work = 1, origin.with_name("work")
    while True:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(origin, work)
        here, there = os.pipe()
        child = os.fork()
        if child == 0:
            once(work, command, nth, there)
        os.close(there)
        os.waitpid(child, 0)
        if os.read(here, 20):
            return
        os.close(here)
        print(nth, len(list(work.glob("corpus/[a-z]*.json"))), not_whole(work))
        nth += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
