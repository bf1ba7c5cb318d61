"""The sheet of a chaos campaign: its verdict, what each fault has met, the probes and the score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from raceexplore.report.evidence.sheet import Grid, Sheet
from raceexplore.report.terminal.chaos import HEADS, fact_lines, fault_rows, verdict
from raceexplore.sim.chaos import Ruling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.search.chaos.campaign import ChaosCampaign

Outcome = Literal["passed", "failed", "inconclusive"]
OUTCOMES: dict[Ruling, Outcome] = {
    Ruling.PASS: "passed",
    Ruling.FAIL: "failed",
    Ruling.INCONCLUSIVE: "inconclusive",
}


def chaos_sheet(
    name: str, done: ChaosCampaign, *, seeds: Sequence[tuple[str, str]] = (), options: str = ""
) -> Sheet:
    """Return what ``done`` says of the program ``name``. options: that its seeds need, too."""
    table, *rows = fault_rows(done)
    return Sheet(
        outcome=OUTCOMES[done.ruling],
        word=HEADS[done.ruling],
        subject=f"{name} under {done.plan.name}",
        sentence=verdict(done),
        command="chaos",
        facts=tuple(line.strip() for line in fact_lines(done) if line),
        grids=(Grid(table, tuple(rows), "what each fault has met"),),
        seeds=tuple(seeds),
        options=options,
    )
