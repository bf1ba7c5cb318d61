"""Exit statuses, and what standard error is told about whatever ends a command early."""

from __future__ import annotations

import platform
import sys
import traceback
from typing import TYPE_CHECKING

import click

from raceexplore.kernel.errors import RaceExploreError

if TYPE_CHECKING:
    from raceexplore.search.campaign.found import Campaign

NOTHING, FOUND, USAGE, INCONCLUSIVE, REFUSED, CRASH, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130


def campaign_status(campaign: Campaign) -> int:
    """Return what ``raceexplore run`` ends with."""
    if campaign.stopped == "interrupted":
        return INTERRUPTED
    if campaign.failures:
        return FOUND
    return INCONCLUSIVE if campaign.inconclusive else NOTHING


def versions(version: str) -> str:
    """Return the line of ``--version``; ``version`` is raceexplore's own."""
    import trio

    return f"raceexplore {version}, Python {platform.python_version()}, trio {trio.__version__}"


def after(error: BaseException, version: str) -> int:
    """Tell what ``error`` ended the command, and return the status to exit with; never 1."""
    if isinstance(error, click.ClickException):
        # the help that stands for missing arguments is the one message of many lines
        if type(error).__name__ == "NoArgsIsHelpError":
            click.echo(error.format_message(), err=True)
        else:
            complain(error.format_message())
        return USAGE
    if isinstance(error, click.Abort | KeyboardInterrupt):
        complain("interrupted")
        return INTERRUPTED
    if isinstance(error, RaceExploreError) and error.exit_status != CRASH:
        complain(str(error))
        return error.exit_status
    crash_report(error, version)
    return CRASH


def complain(message: str) -> None:
    """Write one line to standard error."""
    line = " ".join(message.split())
    print(f"error: {line}", file=sys.stderr)  # noqa: T201 this is where it is told


def note(message: str) -> None:
    """Write a line to standard error that goes with the error to come."""
    print(f"note: {message}", file=sys.stderr)  # noqa: T201 this is where it is told


def warn_once(message: str) -> None:
    """Write a warning to standard error, the same one only once."""
    if message not in _warned:
        _warned.add(message)
        # the program's own output may be silenced now; a warning of ours never is
        print(f"warning: {message}", file=sys.__stderr__)


_warned: set[str] = set()


def crash_report(error: BaseException, version: str) -> None:
    """Say that raceexplore itself is wrong, and what to report."""
    trace = "".join(traceback.format_exception(error))
    text = (
        f"{trace}\nraceexplore has crashed; this is a bug of raceexplore, not of your program.\n"
        f"Please report it with the lines above, the command, and this one:\n"
        f"{versions(version)}, {platform.platform()}"
    )
    print(text, file=sys.stderr)  # noqa: T201 this is where it is told
