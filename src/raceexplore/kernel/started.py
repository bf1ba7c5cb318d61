"""How many runs this process has started: what a command has cost is told in runs."""

from __future__ import annotations


class Started:
    """The count. A difference of two readings is what lies between them."""

    runs = 0


started = Started()
