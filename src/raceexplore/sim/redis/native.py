"""Scripts that are known by their text and need no Lua: to start it costs more than a short run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end
"""
Run = Callable[[Sequence[bytes]], Any]
_RELEASE = RELEASE.encode()


def answer(fields: Sequence[bytes], run: Run) -> Any:
    """Return what the script of an EVAL answers; `NotImplemented` if Lua has to say.

    run: does one command of the script; nothing comes in between.
    """
    if len(fields) != 5 or fields[1] != _RELEASE or fields[2] != b"1":
        return NotImplemented
    held = run((b"GET", fields[3]))
    if isinstance(held, Exception):
        return NotImplemented  # which tells the error in a script's words
    return run((b"DEL", fields[3])) if held == fields[4] else 0
