"""Exit statuses, and what standard error is told about whatever ends a command early."""

from __future__ import annotations

import errno
import json
import os
import platform
import signal
import sys
import threading
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from raceexplore.kernel.errors import RaceExploreError
from raceexplore.kernel.fence.hostile import bounded
from raceexplore.report.story.clean import clean
from raceexplore.search.corpus.mutation import LockHeld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.search.campaign.found import Campaign
    from raceexplore.search.corpus.replay import Replayed

NOTHING, FOUND, USAGE, INCONCLUSIVE, REFUSED, CRASH, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130
LOCKED = 5  # another process changes the corpus, and has not ended in time
LINE_LONGEST = 2_000  # letters
UNWRITTEN = 74  # nothing was found, and the answer, or a file that was asked for, was not written
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
NAMED = {
    errno.ENOENT, errno.EACCES, errno.EPERM,
    errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR,
}  # fmt: skip
# what is wrong with the user's machine, or how it is set up, and not with us
MACHINE = FULL | NAMED | {
    errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EIO, errno.EPIPE,
}  # fmt: skip


def campaign_status(campaign: Campaign) -> int:
    """Return what ``raceexplore run`` ends with."""
    if campaign.stopped == "interrupted":
        return INTERRUPTED
    if campaign.failures:
        return FOUND
    return INCONCLUSIVE if campaign.inconclusive else NOTHING


def with_outputs(ended: int, *, refused: bool) -> int:
    """Return ``ended``; if something that was asked for was not written, no success."""
    return UNWRITTEN if refused and ended == NOTHING else ended


def there(replayed: Replayed, servers: str) -> str:
    """Return what a replay on the real ``servers`` says of the recorded failure."""
    if replayed.reproduced:
        return f"On {servers} it fails in the same way."
    if replayed.run.failure is not None:
        return f"On {servers} it fails, too, but in another way."
    ended = "the run passed" if replayed.run.outcome == "passed" else "the run was cut"
    skipped, size = len(replayed.skipped), replayed.seed.schedule.size
    why = f"; {skipped} of {size} deviations found no place" if skipped else ""
    return f"On {servers} it does not fail: {ended}{why}."


def versions(version: str) -> str:
    """Return the line of ``--version``; ``version`` is raceexplore's own."""
    import trio

    return f"raceexplore {version}, Python {platform.python_version()}, trio {trio.__version__}"


def after(error: BaseException, version: str) -> int:
    """Tell what ``error`` ended the command, and return the status to exit with; never 1."""
    try:
        with _deaf():
            return _after(error, version)
    except BaseException:  # noqa: BLE001 what has crashed may be unable to tell of it, too
        with suppress(BaseException):
            os.write(2, b"error: raceexplore has crashed, and could not say why\n")
        return CRASH


@contextmanager
def _deaf() -> Iterator[None]:
    """Let no Ctrl-C get into the last words of a command."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _after(error: BaseException, version: str) -> int:
    if isinstance(error, OSError) and error.errno in MACHINE:
        complain(f"{error.strerror}{_named(error)}")
        return USAGE if error.errno in NAMED else UNWRITTEN
    if isinstance(error, MemoryError):
        complain("there is not enough memory for this command; nothing was found before")
        return CRASH
    if isinstance(error, click.ClickException):
        # the help that stands for missing arguments is the one message of many lines
        if type(error).__name__ == "NoArgsIsHelpError":
            for line in error.format_message().split("\n"):
                _write_line(line)
        else:
            complain(error.format_message())
        return USAGE
    if isinstance(error, click.Abort | KeyboardInterrupt):
        complain("interrupted")
        return INTERRUPTED
    if isinstance(error, RaceExploreError) and error.exit_status != CRASH:
        if isinstance(error, LockHeld):
            locked_out(error)
        else:
            complain(str(error))
        return error.exit_status
    crash_report(error, version)
    return CRASH


@dataclass
class Manner:
    """How this command tells that it was locked out. is_json: as JSON. held: what is to be told."""

    is_json: bool = False
    held: LockHeld | None = None


manner = Manner()


def locked_out(held: LockHeld) -> None:
    """Tell that another process changes the corpus; as JSON, if that is what is printed."""
    if manner.is_json:
        _write_line(json.dumps({"error": held.value()}))
    else:
        complain(f"{held}; retry after {held.retry_after_ms} ms")


def with_lock(ended: int) -> int:
    """Return ``ended``; if what was found could not be kept, tell that, and return `LOCKED`."""
    if manner.held is None:
        return ended
    locked_out(manner.held)
    return LOCKED


def complain(message: str) -> None:
    """Write one line to standard error; the user's own words may make it long, but not endless."""
    _write_line(f"error: {bounded(' '.join(message.split()), LINE_LONGEST)}")


def _write_line(text: str, stream: Any = None) -> None:
    """Write a line that is clean; whether anybody can read it changes nothing."""
    with suppress(OSError, ValueError):
        print(clean(text), file=stream or sys.stderr, flush=True)


def _named(error: OSError) -> str:
    return f": {error.filename}" if isinstance(error.filename, str) else ""


def note(message: str) -> None:
    """Write a line to standard error that goes with the error to come."""
    _write_line(f"note: {message}")


def warn_once(message: str) -> None:
    """Write a warning to standard error, the same one only once."""
    if message not in _warned:
        _warned.add(message)
        # the program's own output may be silenced now; a warning of ours never is
        _write_line(f"warning: {message}", sys.__stderr__)


_warned: set[str] = set()


def crash_report(error: BaseException, version: str) -> None:
    """Say that raceexplore itself is wrong, and what to report."""
    trace = "".join(traceback.format_exception(error))
    text = (
        f"{trace}\nraceexplore has crashed; this is a bug of raceexplore, not of your program.\n"
        f"Please report it with the lines above, the command, and this one:\n"
        f"{versions(version)}, {sys.platform}"
    )
    told = "\n".join(clean(line) for line in text.split("\n"))
    print(told, file=sys.stderr)  # noqa: T201 this is where it is told
