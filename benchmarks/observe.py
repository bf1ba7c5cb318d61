"""Measure what observing a run costs, on the models: observed runs against plain ones.

    python benchmarks/observe.py [--rounds N] [--only NAME] [--json]

Both columns make runs 0, 1, 2, ... of a campaign with the scheduler `random`, so the same
schedules. A plain run records nothing; an observed one is what a campaign makes of it: rewritten
code, every event with its accesses, and the key of its trace class. A sample is one batch of such
runs; the columns take turns after every batch, and the fastest batch counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from kernel import BATCH_S, frozen, timed
from table import asked, microseconds, table, tell

from raceexplore.kernel.events.order import trace_key
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import Limits, Program, Settings
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Scheduler
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.toolbox.by_name import by_name

ENTROPY = 1
WANTED = 3.0
MODELS = Path(__file__).resolve().parents[1] / "models"


@dataclass(frozen=True)
class Figures:
    """What a model costs: events of its first run, and microseconds of a run, both ways."""

    name: str
    events: int
    plain_us: float
    recorded_us: float
    observed_us: float

    @property
    def ratio(self) -> float:
        """How many plain runs fit into one observed run."""
        return self.observed_us / self.plain_us

    @property
    def event_us(self) -> float:
        """What observing adds to an event, in microseconds."""
        return (self.observed_us - self.plain_us) / self.events


def plain(program: Program, chooser: Scheduler) -> object:
    """Make a run that records nothing."""
    return run_once(program, chooser)


def recorded(program: Program, chooser: Scheduler) -> object:
    """Make a run that records its events, as self-checks do."""
    return run_once(program, chooser, record=True).digest


def observed(program: Program, chooser: Scheduler) -> object:
    """Make an observed run, with the key of its trace class."""
    run = observed_run(program, chooser, limits=Limits(), settings=Settings())
    return trace_key(run.events)


WAYS = {"plain": plain, "recorded": recorded, "observed": observed}


class Batches:
    """Runs 0, 1, 2, ... of a campaign, in each of the ways."""

    def __init__(self, program: Program, scheduler: str) -> None:
        self.program, self.scheduler = program, scheduler

    def batch(self, way: Callable[[Program, Scheduler], object], size: int) -> Callable[[], None]:
        """Return a fresh campaign's first ``size`` runs, ready to be timed."""
        chooser = by_name(self.scheduler, entropy=ENTROPY)

        def runs() -> None:
            for _ in range(size):
                chooser.begin()
                way(self.program, chooser)

        return runs

    def seconds(self, way: Callable[[Program, Scheduler], object], size: int) -> float:
        """Return what one of the first ``size`` runs takes."""
        return timed(self.batch(way, size), self.batch(way, 1)) / size

    def events(self) -> int:
        """Return the events of the first run."""
        chooser = by_name(self.scheduler, entropy=ENTROPY)
        chooser.begin()
        return run_once(self.program, chooser).steps


def measure(path: Path, rounds: int, scheduler: str) -> Figures:
    """Return the fastest of ``rounds`` batches of each column, taken in turns."""
    batches = Batches(load_program(str(path)), scheduler)
    with guarded(), frozen():
        slowest = min(batches.seconds(observed, 1) for _ in range(3))
        size = max(2, round(BATCH_S / slowest))
        best = dict.fromkeys(WAYS, math.inf)
        for _ in range(rounds):
            for name, way in WAYS.items():
                best[name] = min(best[name], batches.seconds(way, size) * 1e6)
    times = {f"{name}_us": us for name, us in best.items()}
    return Figures(f"{path.parent.name}/{path.stem}", batches.events(), **times)


def show(found: list[Figures]) -> None:
    """Print the table."""
    heads = ("model", "events", "plain", "recorded", "observed", "ratio", "wanted",
             "an event more")  # fmt: skip
    rows = [
        (
            row.name,
            f"{row.events:,}",
            f"{row.plain_us:,.1f}",
            f"{row.recorded_us:,.1f}",
            f"{row.observed_us:,.1f}",
            f"{row.ratio:.2f}",
            f"{WANTED:.1f}",
            f"{row.event_us:.2f}",
        )
        for row in found
    ]
    table(microseconds(), heads, rows)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table or JSON."""
    given = asked(__doc__, 60, arguments)
    stories = [path.parent for path in MODELS.glob("*/wrong_fix.py")]
    paths = sorted(story / f"{kind}.py" for story in stories for kind in ("buggy", "fixed"))
    chosen = [p for p in paths if given.only in f"{p.parent.name}/{p.stem}"]
    found = [measure(path, given.rounds, given.scheduler) for path in chosen]
    rows = [{**asdict(row), "ratio": row.ratio, "event_us": row.event_us} for row in found]
    tell(rows, lambda: show(found), as_json=given.json)


if __name__ == "__main__":
    main()
