"""Run the examples of the documents: ``python tests/support/documents.py`` refreshes their output.

A ``python`` block that begins with a comment such as ``# coupon.py`` is saved under that name;
any other is run. In a ``console`` block, commands of raceexplore and pytest are run in the folder
of the saved files, ``echo $?`` tells the status of the command before, and other commands are for
the reader only. A command after which ``(rx) `` is shown is a session with the debugger, at a
terminal: what stands after each of these prompts is typed. All blocks of a document share one
folder.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# a reader has the plugins installed; here they are named, so that no other one is there
PYTEST = [
    "pytest", "-p", "raceexplore.pytest_plugin", "-p", "_hypothesis_pytestplugin",
    "-p", "no:cacheprovider",
]  # fmt: skip
_BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"# ([\w/]+\.py)\n")


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console block: what the document shows, and what it really prints.

    printed is None where the command is for the reader only.
    """

    command: str
    shown: str
    printed: str | None


def play(text: str, folder: Path) -> Iterator[list[Command]]:
    """Run the blocks of a document in ``folder``; yield the commands of each console block."""
    for guest in ("models", "corpus"):
        shutil.copytree(ROOT / guest, folder / guest)
    for kind, block in _BLOCK.findall(text):
        if kind == "console":
            yield list(_console(block, folder))
        elif name := _NAME.match(block):
            (folder / name[1]).write_text(block, encoding="utf-8")
        else:
            done = _run([sys.executable, "-c", block], folder)
            assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


def _console(block: str, folder: Path) -> Iterator[Command]:
    status = 0
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        printed = None
        if command == "echo $?":
            printed = f"{status}\n"
        elif command.startswith("raceexplore "):
            words = [sys.executable, "-m", "raceexplore", *shlex.split(command)[1:]]
            typed = re.findall(r"^\(rx\) (.*)$", shown, re.MULTILINE)
            done = _session(words, typed, folder) if typed else _run(words, folder)
            status, printed = done.returncode, _as_read(done.stdout + done.stderr, folder)
        elif command.startswith("pytest "):
            words = [*PYTEST, *shlex.split(command)[1:]]
            done = _run([sys.executable, "-m", *words], folder)
            status, printed = done.returncode, _as_read(done.stdout + done.stderr, folder)
        yield Command(command, shown, printed)


def _as_read(output: str, folder: Path) -> str:
    """Return ``output`` as a reader sees it who works where the document was written."""
    for place in (f"{folder.resolve()}/", f"{ROOT / 'src/raceexplore'}/"):
        output = output.replace(place, "")
    return output


def _session(
    command: list[str], typed: list[str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` at a terminal, and type a line at each prompt of the debugger."""
    env = _environment() | {"HOME": str(folder)}  # no .pdbrc of the reader
    child = pexpect.spawn(command[0], command[1:], cwd=folder, env=env, encoding="utf-8")  # type: ignore[arg-type]
    said = ""
    for line in typed:
        child.expect_exact("(rx) ", timeout=60)
        said += f"{child.before}(rx) "
        child.sendline(line)
    child.expect(pexpect.EOF, timeout=60)
    child.close()
    said = f"{said}{child.before}".replace("\r", "")
    return subprocess.CompletedProcess(command, child.exitstatus or 0, said, "")


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )


def _environment() -> dict[str, str]:
    chosen = {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb", "PYTHONPATH": str(ROOT / "src")}
    chosen["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    kept = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "PYTHONHASHSEED")}
    return kept | chosen


def compared(command: Command, *, whole: bool = False) -> tuple[object, object]:
    """Return what the document shows and what is printed, less what may differ from day to day.

    whole: every word of it, less times and seeds; a run is the same every time. A session with
    the debugger is always the same, every line of it.
    """
    assert command.printed is not None
    if "(rx) " in command.shown:
        return trimmed(command.shown), trimmed(command.printed)
    if whole:
        return timeless(command.shown), timeless(command.printed)
    return stable(command.shown), stable(command.printed)


def timeless(output: str) -> str:
    """Return the words of ``output``, whatever the seeds, the times, and where lines break."""
    masked = re.sub(r"rx1-\S+", "SEED", re.sub(r"\([\d.,]+/s\)", "", output))
    masked = re.sub(r"(?<![\w.])\d[\d.,]* ?m?s\b", "TIME", masked)
    return " ".join(masked.split()).replace("; ", ";\n")  # lines, for whoever reads a difference


def stable(output: str) -> tuple[str, str]:
    """Return the first and the last line of ``output``, less what a clock or a seed decides."""
    masked = re.sub(r"rx1-\S+|[\d.,]*\d", "#", re.sub(r" \([\d.,]+/s\)", "", output))
    lines = [" ".join(line.split()) for line in masked.splitlines() if line.strip()]
    return (lines[0], lines[-1]) if lines else ("", "")


def refreshed(text: str, folder: Path) -> str:
    """Return the document with what its commands print now."""
    blocks = play(text, folder)

    def rewrite(match: re.Match[str]) -> str:
        if match[1] != "console":
            return match[0]
        return "```console\n" + "".join(map(_told, next(blocks))) + "```"

    return _BLOCK.sub(rewrite, text)


def _told(command: Command) -> str:
    if command.command == "echo $?":
        assert command.printed == command.shown, f"the status is {command.printed}; is that right?"
    shown = command.shown if command.printed is None else trimmed(command.printed)
    return f"$ {command.command}\n{shown}"


def trimmed(output: str) -> str:
    """Return ``output`` without the blanks at the ends of its lines."""
    return "".join(f"{line.rstrip()}\n" for line in output.rstrip().splitlines())


if __name__ == "__main__":
    for path in [Path(p).resolve() for p in sys.argv[1:]] or DOCUMENTS:
        with tempfile.TemporaryDirectory() as folder:
            before = path.read_text(encoding="utf-8")
            after = refreshed(before, Path(folder))
        path.write_text(after, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {'refreshed' if after != before else 'as it was'}")
