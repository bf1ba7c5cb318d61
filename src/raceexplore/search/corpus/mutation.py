"""Who changes the corpus: one process at a time, by a lock on a file that nothing replaces.

Files are read without it: each is written whole, so a reader sees the old one or the new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from raceexplore.kernel.errors import RaceExploreError

LOCK: Final = ".lock"
TIMEOUT_S: Final = 30.0
RETRY_MS: Final = 500


class LockHeld(RaceExploreError):
    """Another process changes the corpus, and has not ended in time.

    code, suggestion, retry_after_ms: for who calls the command from a program.
    """

    exit_status = 5
    code = "LOCK_HELD"
    retry_after_ms = RETRY_MS

    def __init__(self, path: Path, waited_s: float) -> None:
        self.message = f"another process is changing {path.parent}: {path} is locked"
        self.suggestion = (
            f"try again when it has ended, or wait longer than {waited_s:g} s (--lock-timeout);"
            " the lock of a process that has died is free"
        )
        super().__init__(f"{self.code}: {self.message}; {self.suggestion}")

    def value(self) -> dict[str, object]:
        """Return it as JSON shows it."""
        return {
            "code": self.code,
            "message": self.message,
            "suggestion": self.suggestion,
            "retry_after_ms": self.retry_after_ms,
        }


@dataclass
class Patience:
    """How long this process waits for the lock, in seconds."""

    seconds: float = TIMEOUT_S


patience = Patience()


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Be the only one who changes the corpus in ``folder``, which is made if there is none.

    Raises `LockHeld` if another does for longer than `patience`. A process that dies gives the lock
    back. Where the file system has no locks, nobody is kept out: files are still written whole, but
    of two that find one bug at once, either may be kept.
    """
    from filelock import FileLock, Timeout  # here, since few commands change a corpus

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=patience.seconds)
    except Timeout:
        raise LockHeld(folder / LOCK, patience.seconds) from None
    except NotImplementedError:
        yield
        return
    try:
        yield
    finally:
        lock.release()
