"""What Hypothesis shows of a failing run: the report that the command line prints of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from raceexplore.kernel.seed import decode
from raceexplore.search.as_exception import brief
from raceexplore.search.campaign.in_sight import in_sight
from raceexplore.search.corpus.replay import Replayed
from raceexplore.search.observed.with_values import with_values
from raceexplore.search.programs.silence import silence
from raceexplore.search.what_if.what_if import atomicity
from raceexplore.search.why.why import why

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits

WIDTH = 100


def failure_note(run: Run, limits: Limits, *, recorded: bool) -> list[str]:
    """Return the lines that tell of the failed, recorded ``run``; runs its program some more.

    A function that carries state from run to run, or cannot be observed, is told in a few lines;
    so is one that records its calls, which tell more.
    """
    if recorded:
        return list(brief(run))
    from raceexplore.report.terminal.text import failure_report  # here, since rich takes long

    how = {"settings": run.settings, "limits": limits}
    program = in_sight(run.program, run.schedule, **how)  # type: ignore[arg-type]
    with silence():
        seen = with_values(replace(run, program=program), limits)
        if not seen.own:  # it was not observed
            return list(brief(run))
        known = Replayed(
            seen,
            decode(run.seed),
            reproduced=True,
            skipped=(),
            why=why(seen, limits),
            atomic=atomicity(seen, limits),
        )
    return [line.plain for line in failure_report(seen, WIDTH, known)]
