"""The sheet of a sample: how often a program fails, with n, interval and mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.report.evidence.sheet import Grid, Sheet
from raceexplore.search.evidence.intervals import bound, percent

if TYPE_CHECKING:
    from raceexplore.search.evidence.sample import Sample
    from raceexplore.search.evidence.splitting import Splitted

MODE = "strict time, drawn latencies and faults, tasks in the order of virtual time"


def sample_sheet(drawn: Sample, per: tuple[str, str] | None) -> Sheet:
    """Return what ``drawn`` says; per: names of what the program counts, for a rate."""
    runs, name = drawn.runs, drawn.program.name
    facts = [f"{MODE}; entropy {drawn.entropy}"]
    if drawn.cut:
        facts.append(f"{drawn.cut:,} further runs were cut by a limit and are not counted")
    if not runs:
        told = f"all {drawn.cut:,} runs were cut by a limit"
        return Sheet("inconclusive", "INCONCLUSIVE", name, told, "sample", seconds=drawn.seconds)
    rows = []
    if per is not None:
        rate, interval = drawn.per(*per)
        counted = f"{sum(drawn.counts[per[0]]):,g} of {sum(drawn.counts[per[1]]):,g}"
        rows.append((f"{per[0]} per {per[1]}", counted, percent(rate), str(interval)))
    many = f"{runs:,} run{'s' * (runs != 1)}"
    told = (
        f"{drawn.failed:,} of {many} failed: {percent(drawn.rate)} (95 %: {drawn.interval})"
        if drawn.failed
        else f"none of {many} failed; a rate above {percent(bound(runs))} is excluded with"
        " 95 % confidence"
    )
    return Sheet(
        outcome="failed" if drawn.failed else "passed",
        word="FAILS" if drawn.failed else "CLEAN",
        subject=name,
        sentence=told,
        command="sample",
        facts=tuple(facts),
        grids=(Grid(("what", "counted", "rate", "95 % interval"), tuple(rows)),) if rows else (),
        seeds=tuple((f"{f.count:,} x {f.headline}", f.seed) for f in drawn.failures),
        seconds=drawn.seconds,
    )


def split_sheet(program: str, found: Splitted | str) -> Sheet:
    """Return what splitting says of ``program``; a text is why it says nothing."""
    if isinstance(found, str):
        return Sheet("inconclusive", "INCONCLUSIVE", program, found, "sample --split")
    told = f"{percent(found.rate)} of the runs fail (95 %: {found.interval}), by splitting"
    if not found.hits:
        rate = percent(found.interval.high)
        told = f"no run failed; a rate above {rate} is excluded with 97.5 % confidence"
    facts = [
        f"{found.trees:,} trees, {found.runs:,} runs in all, of which {found.hits:,} failed",
        f"split where a further order that suffices for the failure is satisfied; {MODE}",
    ]
    if found.cut:
        facts.append(f"{found.cut:,} runs were cut by a limit and counted as passed")
    return Sheet(
        outcome="failed" if found.hits else "passed",
        word="FAILS" if found.hits else "CLEAN",
        subject=program,
        sentence=told,
        command="sample --split",
        facts=tuple(facts),
        seeds=(("the first failing run", found.seed),) if found.seed else (),
    )


def split_value(program: str, found: Splitted | str) -> dict[str, Any]:
    """Return what splitting says as JSON has it."""
    if isinstance(found, str):
        return {"program": program, "inconclusive": found}
    return {
        "program": program,
        "mode": f"splitting on order constraints; {MODE}",
        "trees": found.trees,
        "runs": found.runs,
        "hits": found.hits,
        "cut": found.cut,
        "rate": found.rate,
        "interval_95": [found.interval.low, found.interval.high],
        "seed": found.seed,
    }


def sample_value(drawn: Sample, per: tuple[str, str] | None) -> dict[str, Any]:
    """Return ``drawn`` as JSON has it."""
    told: dict[str, Any] = {
        "program": drawn.program.name,
        "mode": MODE,
        "entropy": drawn.entropy,
        "runs": drawn.runs,
        "failed": drawn.failed,
        "cut": drawn.cut,
        "failures": [
            {"headline": each.headline, "count": each.count, "seed": each.seed}
            for each in drawn.failures
        ],
        "counts": {name: sum(counted) for name, counted in drawn.counts.items()},
    }
    if drawn.runs:
        interval = drawn.interval
        told |= {"rate": drawn.rate, "interval_95": [interval.low, interval.high]}
    if per is not None and drawn.runs:
        rate, interval = drawn.per(*per)
        told["per"] = {
            "part": per[0],
            "whole": per[1],
            "rate": rate,
            "interval_95": [interval.low, interval.high],
        }
    return told
