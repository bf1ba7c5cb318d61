"""The four modes in which a row is locked."""

from __future__ import annotations

from enum import IntEnum


class Mode(IntEnum):
    """How a row is locked; each mode is stronger than the one before."""

    KEY_SHARE = 0
    SHARE = 1
    NO_KEY_UPDATE = 2
    UPDATE = 3

    def conflicts(self, other: Mode) -> bool:
        """Return whether two transactions cannot hold these modes at once.

        Table 13.3 of PostgreSQL's manual comes down to a sum.
        """
        return self + other >= 3
