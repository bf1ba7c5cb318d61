"""Print, as JSON, how many schedules find the bug of a program: needed.py PATH SCHEDULER BUDGET N.

A list with the number of the first failing schedule for entropy 0 to N - 1; null where none failed.
"""

from __future__ import annotations

import json
import sys

from raceexplore import explore
from raceexplore.search.programs.load import load_program


def needed(path: str, scheduler: str, budget: int, entropies: int) -> list[int | None]:
    """Return the numbers."""
    program, found = load_program(path), []
    for entropy in range(entropies):
        campaign = explore(
            program, scheduler=scheduler, budget=budget, entropy=entropy, shrink=False
        )
        found.append(campaign.failures[0].first_run + 1 if campaign.failures else None)
    return found


if __name__ == "__main__":
    path, scheduler, *numbers = sys.argv[1:]
    print(json.dumps(needed(path, scheduler, *map(int, numbers))))
