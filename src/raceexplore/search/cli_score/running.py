"""A real command that runs in a folder of its own: its output, its signals, and where it stops."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from raceexplore.kernel.errors import BadProgram
from raceexplore.kernel.fence.watchdog import watchdog
from raceexplore.search.cli_score.steps import Steps

SLICE_S = 0.25  # after which Ctrl-C is heeded
Names = dict[str, tuple[int, int, int]]  # name -> size, time of the last change, inode


@dataclass(slots=True)
class Ended:
    """How a command has ended; code None: it was still running when patience was over."""

    code: int | None
    output: str
    error: str


class Running:
    """A command that runs in a folder, with the processes that it has started."""

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        env = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder)}
        self.folder = folder
        self.steps: Steps | None = None
        try:
            self.process = subprocess.Popen(  # noqa: S603 it is what the user asks for
                words, cwd=folder, env=env, start_new_session=True, text=True, errors="replace",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            raise BadProgram(f"{words[0]} cannot be run: {error.strerror}") from None

    def ended(self, patience_s: float) -> Ended:
        """Return how it ends; after ``patience_s``, that it has not."""
        left_s = patience_s
        while True:
            heed_ctrl_c()
            try:
                output, error = self.process.communicate(timeout=min(left_s, SLICE_S))
            except subprocess.TimeoutExpired:
                left_s -= SLICE_S
                if left_s <= 0:
                    return Ended(None, "", "")
            else:
                return Ended(self.process.returncode, output, error)

    def send(self, number: int) -> None:
        """Send a signal to it, and to what it has started; nothing, if it has ended."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def stop_after(self, place: int) -> bool:
        """Stop it after the change ``place`` of the folder; False if it has ended before."""
        return self.look(Changes(self.folder, place))

    def look(self, changes: Changes) -> bool:
        """Stop it once these changes are done; False if it has ended before."""
        self.steps = steps = Steps(self.process.pid)
        if steps.is_followed:
            reached = steps.until(changes.are_done)
            if not reached:
                self.process.returncode = steps.code
            return reached
        while self.process.poll() is None:
            if changes.are_done():
                self.send(signal.SIGSTOP)
                return True
        return False

    def go_on(self) -> None:
        """Let it go on."""
        if self.steps is not None and self.steps.is_followed:
            self.steps.go_on()
            if self.steps.code is not None:
                self.process.returncode = self.steps.code
        else:
            self.send(signal.SIGCONT)


class Changes:
    """What is seen of a folder, up to the change ``place`` of it.

    count: how many there were. seen: all names that were there.
    """

    def __init__(self, folder: Path, place: int) -> None:
        self._folder, self._place, self._before = folder, place, names(folder)
        self.count = 0
        self.seen: set[str] = set()

    def are_done(self) -> bool:
        """Look, and return whether the folder has changed so often."""
        heed_ctrl_c()
        now = names(self._folder)
        self.seen |= now.keys()
        if now != self._before:
            self.count, self._before = self.count + 1, now
        return self.count >= self._place


def heed_ctrl_c() -> None:
    """Raise `KeyboardInterrupt` if Ctrl-C was pressed, which otherwise only ends runs."""
    if watchdog.heed():
        raise KeyboardInterrupt


def names(folder: Path) -> Names:
    """Return what is in a folder, and in those inside of it."""
    found: Names = {}
    _look(str(folder), "", found)
    return found


def _look(folder: str, prefix: str, found: Names) -> None:
    try:
        entries = os.scandir(folder)
    except OSError:  # it has gone meanwhile
        return
    with entries:
        for entry in entries:
            try:
                known = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            found[prefix + entry.name] = known.st_size, known.st_mtime_ns, known.st_ino
            if entry.is_dir(follow_symlinks=False):
                _look(entry.path, f"{prefix}{entry.name}/", found)
