"""The command in a fork of the process of the tests: as good as a new one, and far cheaper.

What a machine can do to a command is done to the fork: limits, full files, descriptors that are
closed, and calls of the operating system that fail.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from command import Ended

LOST = 99  # the fork ended otherwise than by the command


def forked(
    folder: Path,
    *arguments: str,
    before: Callable[[], object] = lambda: None,
    out: str = "",
    env: dict[str, str] | None = None,
) -> Ended:
    """Run the command in ``folder``, after ``before()``; out: where standard output goes to."""
    told, errors = folder / ".out", folder / ".err"
    child = os.fork()
    if child == 0:
        try:
            _prepare(folder, out or str(told), errors, env or {})
            before()
            _open_streams()
            sys.argv = ["raceexplore", *arguments]
            os._exit(_main())
        except BaseException:  # noqa: BLE001 a fork never returns into the tests
            os.write(2, traceback.format_exc().encode(errors="backslashreplace"))
        finally:
            os._exit(LOST)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    texts = [p.read_text(encoding="utf-8", errors="replace") if p.exists() else "" for p in
             (told, errors)]  # fmt: skip
    for path in (told, errors):
        path.unlink(missing_ok=True)
    return Ended(status, *texts)


def _main() -> int:
    from raceexplore.cli.main import main

    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)


def _prepare(folder: Path, out: str, errors: Path, env: dict[str, str]) -> None:
    os.chdir(folder)
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, str(errors), os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(name, flags, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.closerange(3, 1_000)  # a new process has none of what the tests have open
    os.environ.pop("CI", None)
    os.environ.update({"COLUMNS": "100", **env})
    sys.path.insert(0, "")
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _open_streams() -> None:
    """Make the streams as Python does when it starts: None for those that are closed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = None
        with suppress(OSError):
            os.fstat(number)
            stream = open(number, "rww"[number], 1, encoding="utf-8", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def gone() -> None:
    """Let the reader of standard output be gone, as `| true` does."""
    here, there = os.pipe()
    os.dup2(there, 1)
    os.close(here)
    os.close(there)


def closes(*descriptors: int) -> Callable[[], object]:
    """Close standard streams, as `>&-` does before a process starts."""

    return lambda: [os.close(number) for number in descriptors]


def limits(which: int, most: int) -> Callable[[], None]:
    """Set a limit of the system, as `ulimit` does."""
    return lambda: resource.setrlimit(which, (most, resource.getrlimit(which)[1]))


def fails(number: int, *events: str, where: str = "") -> Callable[[], None]:
    """Let what Python tells of as one of ``events`` fail with the error ``number``.

    where: a part of the name of the file, if it is about one.
    """

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in events and (not where or (arguments and where in str(arguments[0]))):
            name = str(arguments[0]) if arguments else None
            raise OSError(number, os.strerror(number), name)

    return lambda: sys.addaudithook(hook)
