"""The sheet of a comparison: verdict, table of pairs, what was tried again, what was forced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from raceexplore.report.evidence.of_sample import MODE
from raceexplore.report.evidence.sheet import Grid, Sheet
from raceexplore.search.corpus.levels import GUIDED
from raceexplore.search.evidence.compare import Conclusion, sentence
from raceexplore.search.evidence.intervals import percent
from raceexplore.search.evidence.retried import GUIDED_MAX, LEVELS
from raceexplore.search.why.sufficient import DRAWS_ALONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.search.evidence.compare import Comparison
    from raceexplore.search.evidence.retried import Known

OUTCOMES: dict[Conclusion, Literal["passed", "failed", "inconclusive"]] = {
    Conclusion.HOLDS: "passed",
    Conclusion.FAILS: "failed",
    Conclusion.INCONCLUSIVE: "inconclusive",
}


def compare_sheet(result: Comparison, options: str = "") -> Sheet:
    """Return what ``result`` says. options: that its seeds need to be replayed."""
    verdict = result.verdict
    return Sheet(
        outcome=OUTCOMES[verdict],
        word=verdict.name,
        subject=f"{result.before.name} -> {result.after.name}",
        sentence=sentence(result),
        command="compare",
        facts=tuple(_facts(result)),
        grids=(_pairs(result), _tried(result)),
        seeds=tuple(_seeds(result)),
        options=options,
        seconds=result.seconds,
    )


def _pairs(result: Comparison) -> Grid:
    pairs = result.pairs
    head = ("pairs of runs", "AFTER fails", "AFTER passes")
    rows = (
        ("BEFORE fails", f"{pairs.both:,}", f"{pairs.only_before:,}"),
        ("BEFORE passes", f"{pairs.only_after:,}", f"{pairs.neither:,}"),
    )
    return Grid(head, rows, f"{pairs.runs:,} pairs, the same draws in both")


def _tried(result: Comparison) -> Grid:
    again, count = result.retried, result.retried.seeds
    failed = {level: sum(s.level == level for s in again.survivors) for level in LEVELS}
    rows = [
        (f"{count:,} failing seeds, {level}", f"{again.tried.get(level, 0):,}", f"{failed[level]}")
        for level in LEVELS
    ]
    rows += [
        (f"failing {_varied(bug)} of {bug.found.kind}", f"{tried.count} of {tried.wanted}",
         f"{len(tried.survivors)}")
        for bug, tried in zip(result.bugs, result.attempts, strict=False)
    ]  # fmt: skip
    return Grid(("tried on AFTER", "times", "fails"), tuple(rows), "What made BEFORE fail")


def _varied(bug: Known) -> str:
    """Return what makes ``bug`` fail, in a word: what is forced on the second program."""
    if bug.refusal == DRAWS_ALONE:
        return "draws"
    return "days" if bug.always else "orders"


def _facts(result: Comparison) -> Iterator[str]:
    pairs = result.pairs
    if pairs.runs:
        for name, failed in (("BEFORE", pairs.before_failed), ("AFTER", pairs.after_failed)):
            rate, interval = percent(failed / pairs.runs), pairs.interval(failed)
            yield f"{name} fails in {failed:,} of {pairs.runs:,} runs: {rate} (95 %: {interval})"
        yield f"McNemar, exact, two sides: p = {pairs.p_value:.3g}"
    yield (
        f"to exclude {percent(result.exclude)} (against a tenth of it; either error at most 5 %)"
        f" takes {result.needed:,} clean runs"
    )
    for bug, tried in zip(result.bugs, result.attempts, strict=False):
        yield from (f"fails where: {constraint}" for constraint in bug.guide.constraints)
        if bug.refusal:
            yield f"no order of events explains {bug.found.kind}: {bug.refusal}"
        how = "what stands in its place was attempted" if tried.instead else "attempted"
        for order in tried.orders:
            kept = f"kept {tried.kept} times, refused {tried.refused} times by AFTER"
            yield f"{how}: {order}; {kept}"
    if result.retried.seeds > GUIDED_MAX and result.retried.tried.get(GUIDED):
        yield f"by their orders the first {GUIDED_MAX} seeds were tried"
    under = str(result.conditions)
    if under:
        yield f"both programs were under {under}"
    for fault, count in result.strikes.items():
        clean = pairs.runs - pairs.after_failed
        yield f"{fault} struck {count:,} times in the {clean:,} clean runs of AFTER"
    yield f"{MODE}; entropy {result.entropy}"


def _seeds(result: Comparison) -> Iterator[tuple[str, str]]:
    for each in result.survivors[:3]:
        elastic = ", in elastic time" if each.time == "elastic" else ""
        yield f"AFTER fails ({each.level}{elastic}): {each.headline}", each.seed
    if not result.survivors:
        for bug in result.bugs:
            yield f"BEFORE fails: {bug.found.kind}: {bug.found.message}", bug.found.run.seed


def compare_value(result: Comparison) -> dict[str, Any]:
    """Return ``result`` as JSON has it."""
    pairs = result.pairs
    return {
        "before": result.before.name,
        "after": result.after.name,
        "verdict": result.verdict.value,
        "sentence": sentence(result),
        "mode": MODE,
        "entropy": result.entropy,
        "pairs": {
            "runs": pairs.runs,
            "both": pairs.both,
            "only_before": pairs.only_before,
            "only_after": pairs.only_after,
            "neither": pairs.neither,
            "cut": pairs.cut,
            "mcnemar_p": pairs.p_value,
        },
        "exclude": result.exclude,
        "needed": result.needed,
        "excluded": result.excluded,
        "missing": list(result.missing),
        "proof": result.proof,
        "conditions": str(result.conditions),
        "strikes": dict(result.strikes),
        "seeds": result.retried.seeds,
        "tried": dict(result.retried.tried),
        "attempts": [
            {
                "orders": list(tried.orders),
                "kept": tried.kept,
                "refused": tried.refused,
                "wanted": tried.wanted,
                "instead": tried.instead,
                "missing": tried.missing,
            }
            for tried in result.attempts
        ],
        "survivors": [
            {"level": s.level, "headline": s.headline, "seed": s.seed, "time": s.time}
            for s in result.survivors
        ],
    }
