"""Why a test is flaky: tests of any async plugin of pytest, explored one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.cli import status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARK = "@pytest.mark.raceexplore(budget=200)"
VERDICTS = {
    status.FOUND: "FLAKY  {test}: some schedules fail. To pin it, put this above the test:\n"
    f"       {MARK}\n       Then pytest replays the schedule that is kept, before it explores.",
    status.NOTHING: "NOT FOUND  {test}: no schedule that was tried fails",
    status.INCONCLUSIVE: "NO VERDICT  {test}: see above; that is no pass",
}
OTHER = "NOT EXPLORED  {test}: see above"


def explored(tests: Sequence[str], run: Callable[[str], int], tell: Callable[[str], object]) -> int:
    """Have ``run`` explore each test, ``tell`` what came of it, and return the exit status.

    One that fails counts most; then one of which there is no verdict.
    """
    ended = []
    for test in tests:
        ended.append(run(test))
        tell(VERDICTS.get(ended[-1], OTHER).format(test=test))
        if ended[-1] == status.INTERRUPTED:
            break
    if status.INTERRUPTED in ended or status.FOUND in ended:
        return status.INTERRUPTED if status.INTERRUPTED in ended else status.FOUND
    return max(ended)
