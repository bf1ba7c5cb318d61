"""Let VS Code or PyCharm step through a run: debugpy waits for them, virtual time does not pass."""

from __future__ import annotations

import json
import re
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

from raceexplore.debug.recording import in_words
from raceexplore.debug.tell import user_frames
from raceexplore.kernel.errors import BadOption, Diverged
from raceexplore.kernel.fence.watchdog import attended
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay

if TYPE_CHECKING:
    from raceexplore.debug.recording import Recording
    from raceexplore.kernel.standing.moment import Moment
    from raceexplore.search.corpus.replay import Stored

LOOPBACK = "127.0.0.1"


def address(text: str) -> tuple[str, int]:
    """Return the host and the port in ``[HOST:]PORT``; the host is this machine's loopback.

    Whoever can reach the port can run code here: another host counts only if it is named. Raises
    `BadOption`.
    """
    found = re.fullmatch(r"(?:(\[[0-9a-fA-F:]+\]|[\w.-]+):)?(\d{1,5})", text)
    if not found or int(found[2]) > 65535:
        raise BadOption(f"--debugpy takes [HOST:]PORT, e.g. 5678, not {text!r}")
    return (found[1] or LOOPBACK).strip("[]"), int(found[2])


def debugpy_module() -> Any:
    """Return debugpy. Raises `BadOption` if it is not installed."""
    try:
        import debugpy  # noqa: T100 this is what it is for
    except ImportError:
        raise BadOption(
            "--debugpy needs debugpy: pip install 'raceexplore[debugpy]'; --pdb needs nothing"
        ) from None
    return debugpy


@attended()
def attach(stored: Stored, recording: Recording, stop: int, place: tuple[str, int]) -> int:
    """Wait at ``place`` for an editor, then run, stopping in the task of event ``stop``.

    Returns 1 if the run failed, else 0. Raises `Diverged` if it went otherwise than recorded.
    """
    debugpy = debugpy_module()
    host, port = debugpy.listen(place)
    _tell(f"{recording.ended}\nwaiting for an editor at {host}:{port}; in VS Code's launch.json:")
    _tell(_launch(host, port))
    debugpy.wait_for_client()
    pydevd: Any = import_module("pydevd")  # debugpy has put it on the path
    # settrace asks for this once and keeps it; inside the run, sockets are refused
    import_module("_pydev_bundle.pydev_localhost").get_localhost()

    start = threading.Thread.start

    def before(moment: Moment) -> None:
        if moment.number == 0:
            _let_debugger_start_threads(start)
        if moment.number == stop:
            _tell(f"-- event {stop} of {len(recording.events)}: {moment.path}")
            frame = user_frames(moment.coroutine)[-1][0]
            pydevd.settrace(suspend=True, stop_at_frame=frame)

    run = run_once(
        stored.program,
        Replay(stored.seed.schedule),
        limits=stored.limits,
        settings=stored.seed.settings,
        record=True,
        before=before,
    )
    same = run.digest == recording.digests[-1]
    _tell(f"-- the run has ended, {'' if same else 'not '}as recorded: {in_words(run)}")
    if recording.diverged or not same:
        raise Diverged(f"the replay diverged: {recording.diverged or 'something changed it'}")
    return int(recording.failed)


def _let_debugger_start_threads(real: Any) -> None:
    """Allow, until the run ends, the threads of the debugger, which it starts from any line."""
    refusing: Any = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        own = type(thread).__module__.startswith(("_pydev", "pydev", "debugpy"))
        (real if own else refusing)(thread)

    setattr(threading.Thread, "start", start)  # noqa: B010 mypy knows it as a method


def _launch(host: str, port: int) -> str:
    entry = {
        "name": "raceexplore",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": host, "port": port},
        "justMyCode": True,
    }
    return json.dumps(entry, indent=2) + "\n(in PyCharm: attach to a debugpy server)"


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
