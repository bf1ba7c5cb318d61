"""The sheet of a chaos campaign: its verdict, what each fault has met, the probes and the score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from raceexplore.report.evidence.sheet import Grid, Sheet
from raceexplore.report.terminal.chaos import campaign_lines, fault_rows
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
    head, verdict, _, *_ = lines = campaign_lines(name, done)
    rest = [line.strip() for line in lines[3 + 1 + len(done.plan.faults) :] if line.strip()]
    table, *rows = fault_rows(done)
    return Sheet(
        outcome=OUTCOMES[done.ruling],
        word=head.partition(" ")[0],
        subject=f"{name} under {done.plan.name}",
        sentence=verdict.strip(),
        command="chaos",
        facts=tuple(rest),
        grids=(Grid(table, tuple(rows), "what each fault has met"),),
        seeds=tuple(seeds),
        options=options,
    )
