"""What sort of thing a system call did, for those who look at the calls of a run."""

from __future__ import annotations

from enum import Enum


class Did(Enum):
    """A sort of call. CREATES: exclusively. EMPTIES: opens, and makes what is not there."""

    OPENS = "opens"
    CREATES = "creates"
    EMPTIES = "empties"
    READS = "reads"
    RENAMES = "renames"
    UNLINKS = "unlinks"
    LOCKS = "locks"
    OTHER = "other"
