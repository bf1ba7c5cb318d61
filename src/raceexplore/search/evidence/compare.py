"""Does the fix hold? Two programs on the same days, and every failure of the first one tried.

Three verdicts. **Fails**: a run of the second program fails, and its seed says which. **Holds**:
so many clean runs that a rate is excluded, every failing schedule of the first program passes on
the second, and the orders that made the first one fail were attempted often enough. All else is
**inconclusive**, with what is missing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.kernel.program import Limits, as_program
from raceexplore.search.campaign.trial import frozen
from raceexplore.search.evidence.attempted import (
    Attempted,
    attempted,
    attempted_days,
    attempted_draws,
)
from raceexplore.search.evidence.conditions import NOTHING, Conditions
from raceexplore.search.evidence.intervals import bound, clopper_pearson, percent
from raceexplore.search.evidence.pairs import Pairing, Pairs
from raceexplore.search.evidence.retried import Known, Retried, known_bugs, retried, survivor
from raceexplore.search.evidence.sequential import ERROR, clean_runs
from raceexplore.search.explore import explore
from raceexplore.search.why.sufficient import DRAWS_ALONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from raceexplore.kernel.program import Program
    from raceexplore.search.evidence.retried import Survivor

EXCLUDE = 0.003  # what a verdict of "holds" excludes at least: a rate of 3 in 1,000
FIRST = 1_000  # pairs in which the first program shows how often it fails
SEARCH = 2_000  # runs in which a failure is looked for that drawn runs do not show


class Conclusion(Enum):
    """What a comparison says."""

    HOLDS = "holds"
    FAILS = "fails"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two programs compared.

    exclude: the rate that clean runs are to exclude. needed: how many clean runs that takes.
    missing: why it is inconclusive, in sentences. survivors: runs of the second program that fail.
    bugs: those of the first program, with the orders that suffice. searched: its failures are from
    a search, since no drawn run has failed: they have no rate. proof: why no schedule of the second
    program can fail, where that was shown instead.
    """

    before: Program
    after: Program
    entropy: int
    pairs: Pairs
    exclude: float
    needed: int
    bugs: tuple[Known, ...]
    retried: Retried
    attempts: tuple[Attempted, ...]
    survivors: tuple[Survivor, ...]
    missing: tuple[str, ...]
    searched: bool
    proof: str
    seconds: float = field(compare=False)
    conditions: Conditions = NOTHING
    strikes: Mapping[str, int] = field(default_factory=dict)

    @property
    def verdict(self) -> Conclusion:
        """What all of it says."""
        if self.survivors:
            return Conclusion.FAILS
        return Conclusion.INCONCLUSIVE if self.missing else Conclusion.HOLDS

    @property
    def excluded(self) -> float:
        """The rate that the clean runs exclude with 95 % confidence; 1 without any."""
        clean = self.pairs.runs - self.pairs.after_failed
        return bound(clean) if clean and not self.pairs.after_failed else 1.0


def compare(
    before: Program | Callable[..., Any],
    after: Program | Callable[..., Any],
    *,
    runs: int = 10_000,
    exclude: float | None = None,
    attempts: int = 20,
    entropy: int = 0,
    conditions: Conditions = NOTHING,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Compare ``before``, which fails, with ``after``, which is said to be mended.

    runs: pairs at most. exclude: the rate to exclude; by default 0.3 %, or less where the first
    1,000 runs of ``before`` do not show that it fails so often. attempts: how often its failing
    orders are to be attempted on ``after``. conditions: load and faults that both programs meet;
    a fault that has struck in no run of ``after`` leaves it inconclusive. progress: called after
    each pair with the pairs and the failures of ``after``. Raises `RaceExploreError` as `explore`
    does.
    """
    _check(runs, exclude, attempts)
    began = time.perf_counter()
    first, second = (conditions.under(as_program(each)) for each in (before, after))
    pairing = Pairing(first, second, entropy, limits)
    with guarded(), frozen(), watching(limits.wall_s):
        rate = exclude or _rate(pairing, runs, progress)
        needed = clean_runs(rate)
        _until(pairing, min(runs, needed), progress)
        bugs = known_bugs(pairing.failing, limits)
    searched, looked = not bugs, 0
    if searched:
        bugs, looked = _searched(first, entropy, limits)
    with guarded(), frozen(), watching(limits.wall_s):
        again = retried(bugs, second, limits, only_exact=bool(pairing.still))
        survivors = [*_drawn(pairing), *again.survivors]
        tries = [] if survivors else _attempts(bugs, second, attempts, entropy, limits)
    survivors += [each for tried in tries for each in tried.survivors]
    proof = _proof(pairing, entropy, limits) if searched and bugs and not survivors else ""
    strikes = conditions.strikes(pairing.counts)
    missing = [*_too_few(pairing, needed, bugs, looked, searched=searched and not proof)]
    missing += _no_strike(pairing, strikes)
    missing += [
        f"{b.found.kind}: {t.missing}" for b, t in zip(bugs, tries, strict=False) if t.missing
    ]
    return Comparison(
        first, second, entropy, pairing.table, rate, needed, tuple(bugs), again, tuple(tries),
        tuple(survivors), tuple(missing), searched, proof, time.perf_counter() - began,
        conditions, strikes,
    )  # fmt: skip


def _check(runs: int, exclude: float | None, attempts: int) -> None:
    if runs < 1 or attempts < 1:
        raise BadOption(f"runs and attempts must be at least 1, not {runs} and {attempts}")
    if exclude is not None and not 0 < exclude < 1:
        raise BadOption(f"a rate to exclude lies between 0 and 1, not at {exclude}")


def _rate(pairing: Pairing, runs: int, progress: Callable[[int, int], None] | None) -> float:
    """Return the rate to exclude, by how often the first program fails in the first pairs.

    It is fixed before the pairs that it needs beyond them are run, so it is none of the results
    that the sequential test looks at. It is below what the first program fails at, with 95 %.
    """
    _until(pairing, min(runs, FIRST), progress)
    table = pairing.table
    if not table.before_failed:
        return EXCLUDE
    low = clopper_pearson(table.before_failed, table.runs, 1 - 2 * ERROR).low
    return min(EXCLUDE, low)


def _until(pairing: Pairing, pairs: int, progress: Callable[[int, int], None] | None) -> None:
    """Run pairs until there are so many, or the second program fails beyond the first of them."""
    while pairing.table.runs < pairs and pairing.table.cut <= pairs:
        if pairing.still and pairing.table.runs >= FIRST:
            return
        pairing.step()
        if progress is not None:
            progress(pairing.table.runs, pairing.table.after_failed)


def _searched(before: Program, entropy: int, limits: Limits) -> tuple[list[Known], int]:
    """Return the bug that `explore` finds in ``before``, if it finds one, and in how many runs."""
    campaign = explore(before, budget=SEARCH, entropy=entropy, limits=limits)
    return [Known(found, (found.run,)) for found in campaign.failures], campaign.completed_runs


def _proof(pairing: Pairing, entropy: int, limits: Limits) -> str:
    """Return what proves that the second program cannot fail, in words; empty without a proof.

    Where no run of it draws anything, all that can differ is the order of its tasks, and all
    orders may be few enough to be run.
    """
    if pairing.draws or pairing.still:
        return ""
    campaign = explore(
        pairing.after, scheduler="prove", budget=SEARCH, entropy=entropy, limits=limits
    )
    whole = campaign.complete and not (campaign.failures or campaign.relative or campaign.cut)
    if not whole or campaign.inconclusive:
        return ""
    return f"all {campaign.runs:,} of its schedules that differ were run, and none fails"


def _drawn(pairing: Pairing) -> list[Survivor]:
    return [each for run in pairing.still[:1] for each in survivor("drawn", run)]


def _attempts(
    bugs: Sequence[Known], after: Program, wanted: int, entropy: int, limits: Limits
) -> list[Attempted]:
    found = []
    for bug in bugs:
        if bug.guide.constraints:
            found.append(attempted(bug, after, wanted, entropy, limits))
        elif bug.refusal == DRAWS_ALONE:
            found.append(attempted_draws(bug, after, wanted, entropy, limits))
        elif bug.always:
            found.append(attempted_days(bug, wanted))
        else:
            found.append(Attempted((), 0, 0, wanted, missing=bug.refusal))
    return found


def _too_few(
    pairing: Pairing, needed: int, bugs: Sequence[Known], looked: int, *, searched: bool
) -> Iterator[str]:
    """Yield what the drawn runs lack for the verdict that the fix holds, in sentences."""
    table, before = pairing.table, pairing.before.name
    if not bugs:
        yield (
            f"{before} fails in no run, neither in {table.runs:,} drawn ones nor in {looked:,} of"
            " a search: there is nothing to hold"
        )
    elif searched:
        yield (
            f"{before} fails in none of {table.runs:,} drawn runs, so that clean ones tell nothing"
            " (its failure is one of order alone: see raceexplore prove)"
        )
    if table.runs < needed:
        yield f"{needed - table.runs:,} more clean runs (--runs {needed:,})"
    if table.cut:
        yield f"{table.cut:,} pairs were cut by a limit: raise --max-steps"


def _no_strike(pairing: Pairing, strikes: Mapping[str, int]) -> Iterator[str]:
    """Yield which faults have struck in no run of the second program, in sentences."""
    after, clean = pairing.after.name, pairing.table.runs - pairing.table.after_failed
    for name, count in strikes.items():
        if not count:
            yield f"{name} struck in none of {clean:,} clean runs of {after}: it has shown nothing"


def sentence(result: Comparison) -> str:
    """Return the verdict in one sentence."""
    pairs = result.pairs
    if result.verdict is Conclusion.FAILS:
        first = result.survivors[0]
        failed = f"{pairs.after_failed:,} of {pairs.runs:,} drawn runs fail"
        how = {"drawn": failed, "attempted": "it fails where the failing orders are forced on it"}
        return how.get(first.level, f"a failing schedule of {result.before.name} fails here, too")
    if result.verdict is Conclusion.INCONCLUSIVE:
        return "missing: " + "; ".join(result.missing)
    if result.proof:
        return result.proof
    return (
        f"none of {pairs.runs:,} drawn runs fails: a rate above {percent(result.excluded)} is"
        " excluded with 95 % confidence"
    )
