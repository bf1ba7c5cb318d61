"""The command line in this process: a status, and what was printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Ended(NamedTuple):
    status: int
    out: str
    err: str


Rx = Callable[..., Ended]
