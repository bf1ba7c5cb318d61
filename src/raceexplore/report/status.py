"""Exit statuses, and what standard error is told about whatever ends a command early."""

from __future__ import annotations

import platform
import sys
import traceback
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from raceexplore.search.campaign import Campaign

NOTHING, FOUND, USAGE, INCONCLUSIVE, REFUSED, CRASH, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130


def campaign_status(campaign: Campaign) -> int:
    """Return what ``raceexplore run`` ends with."""
    if campaign.stopped == "interrupted":
        return INTERRUPTED
    if campaign.failures:
        return FOUND
    return INCONCLUSIVE if inconclusive(campaign) else NOTHING


def inconclusive(campaign: Campaign) -> str:
    """Return why ``campaign``, which found nothing, says nothing; empty if it does say it."""
    if campaign.stopped == "stuck":
        cut = [text for text in campaign.warnings if text.startswith("a run was cut: ")]
        return cut[-1].removeprefix("a run was cut: ") if cut else "a run did not reach an await"
    if not campaign.completed_runs:
        return "no run came to its end"
    if campaign.never:
        names = ", ".join(repr(name) for name in campaign.never)
        return f"sometimes({names}) held in no run"
    return ""


def versions(version: str) -> str:
    """Return the line of ``--version``; ``version`` is raceexplore's own."""
    return f"raceexplore {version}, Python {platform.python_version()}, trio {trio.__version__}"


def complain(message: str) -> None:
    """Write one line to standard error."""
    line = " ".join(message.split())
    print(f"error: {line}", file=sys.stderr)  # noqa: T201 this is where it is told


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
