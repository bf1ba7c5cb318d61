"""Power: how many schedules each scheduler needs to the first failure of classic bugs.

    python benchmarks/power.py                      every program, every scheduler, to the screen
    python benchmarks/power.py -p deep3 -s portfolio -n 30      one program, one scheduler
    python benchmarks/power.py --keep power.jsonl   keep each cell, and measure no cell kept there
    python benchmarks/power.py --keep power.jsonl --write       the table into docs/schedulers.md
    python benchmarks/power.py --held-out ...       the programs on which nothing was tuned

Counts schedules, never seconds. Schedulers without entropy are run once. ``--first 20`` takes the
entropies from 20 on, to see what is chance.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from functools import cache
from math import inf
from pathlib import Path
from statistics import median

from raceexplore import Limits, Program, Settings, by_name, run_once
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "schedulers.md"
FOLDERS = ("power_programs", "held_out")  # tuned on; not to be tuned on
LIMITS = Limits(steps=2_000)
SCHEDULERS = (
    "portfolio", "random", "urw", "pos", "surw", "lockstep", "feedback", "swarm", "freeze",
    "sticky", "pct:depth=2", "pct:depth=3", "pct", "roundrobin", "icb", "delay", "dfs", "dpor",
)  # fmt: skip
PROVERS = ("dfs", "dpor")  # they go depth first, to prove: what they find early is luck
Cell = tuple[int | None, ...]  # schedules to the first failure of each trial; None: not found
Cells = dict[tuple[str, str], Cell]  # by program and scheduler


def program_names(folder: str = FOLDERS[0]) -> list[str]:
    """Return the programs, less the repaired ones, as ``file:function``, by function."""
    found = []
    for path in sorted((HERE / folder).glob("*.py")):
        if path.stem == "together":
            continue
        for line in path.read_text().splitlines():
            name = line.removeprefix("async def ").partition("(")[0]
            if line.startswith("async def ") and not name.startswith("_"):
                found.append(f"{path.name}:{name}")
    buggy = [name for name in found if not name.endswith("_fixed")]
    return sorted(buggy, key=lambda name: name.partition(":")[2])


@cache
def load(name: str) -> Program:
    """Return the program ``file:function`` of one of the folders."""
    file = name.partition(":")[0]
    (folder,) = (folder for folder in FOLDERS if (HERE / folder / file).exists())
    return load_program(str(HERE / folder / name))


def first_failure(name: str, spec: str, entropy: int, budget: int) -> int | None:
    """Return how many schedules of ``spec`` it took to fail; None if ``budget`` were too few."""
    program, scheduler, settings = load(name), by_name(spec, entropy=entropy), Settings()
    with guarded():
        for count in range(1, budget + 1):
            if not scheduler.begin():
                return None
            observes = getattr(scheduler, "observes", False)
            run = (observed_run if observes else run_once)(
                program, scheduler, limits=LIMITS, settings=settings
            )
            if run.failure is not None:
                return count
            scheduler.end(run)
    return None


def trials(task: tuple[str, str, range, int]) -> tuple[str, str, Cell]:
    """Return the cell of (program, scheduler, entropies, budget)."""
    name, spec, entropies, budget = task
    draws = any(f.name == "entropy" for f in fields(by_name(spec)))  # type: ignore[arg-type]
    each = entropies if draws else entropies[:1]
    return name, spec, tuple(first_failure(name, spec, entropy, budget) for entropy in each)


def middle(cell: Cell) -> float:
    """Return the median of ``cell``; infinity if most trials found nothing."""
    return median(inf if found is None else found for found in cell)


def tell(cell: Cell, budget: int) -> str:
    """Return the median of ``cell``, and how many trials found nothing."""
    missed = sum(found is None for found in cell)
    if middle(cell) == inf:
        return f"> {budget:,}"
    return f"{middle(cell):g}" + (f" ({missed} missed)" if missed else "")


def verdict(names: list[str], cells: Cells, left_out: tuple[str, ...]) -> str:
    """Return on how many programs the portfolio is close to the best other scheduler, in words."""
    far = []
    for name in names:
        own = middle(cells.get((name, "portfolio"), (None,)))
        rest = (cell for (n, s), cell in cells.items() if n == name and s not in left_out)
        best = min(map(middle, rest))
        if own > 3 * best:
            far.append(f"*{name.partition(':')[2]}* ({own:g}, best {best:g})")
    among = f" ({' and '.join(left_out)} left out)" if left_out else ""
    within = f"{len(names) - len(far)} of {len(names)} programs{among}"
    more = f", more on {', '.join(far)}" if far else ""
    return f"`portfolio` is within 3 times the best scheduler on {within}{more}.\n"


def table(names: list[str], specs: Iterable[str], cells: dict[tuple[str, str], str]) -> str:
    """Return the table in Markdown."""
    columns = list(specs)
    lines = ["| program | " + " | ".join(columns) + " |", "|---" + "|---:" * len(columns) + "|"]
    for name in names:
        row = [cells.get((name, spec), "") for spec in columns]
        lines.append(f"| {name.partition(':')[2]} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def measure(arguments: argparse.Namespace, kept: Cells) -> Iterator[tuple[str, str, Cell]]:
    """Yield each cell that is not kept, as soon as it is measured."""
    first = arguments.first
    tasks = [
        (name, spec, range(first, first + arguments.entropies), arguments.budget)
        for name in chosen(arguments)
        for spec in arguments.scheduler
        if (name, spec) not in kept
    ]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        yield from pool.map(trials, tasks)


def read(path: Path | None) -> Cells:
    """Return the cells that an earlier call has kept."""
    if path is None or not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {(name, spec): tuple(cell) for name, spec, cell in rows}


def chosen(arguments: argparse.Namespace) -> list[str]:
    """Return the programs that were asked for; all, if none was."""
    wanted, folder = arguments.program, FOLDERS[arguments.held_out]
    return [n for n in program_names(folder) if not wanted or n.partition(":")[2] in wanted]


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-p", "--program", action="append", default=[])
    parser.add_argument("-s", "--scheduler", action="append", default=[])
    parser.add_argument("-n", "--entropies", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first entropy")
    parser.add_argument("-b", "--budget", type=int, default=10_000)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--held-out", action="store_true", help="the programs not tuned on")
    parser.add_argument("--write", action="store_true", help="into docs/schedulers.md")
    parser.add_argument("--keep", type=Path, help="a file of cells, one a line")
    arguments = parser.parse_args()
    arguments.scheduler = arguments.scheduler or list(SCHEDULERS)
    cells = read(arguments.keep)
    for name, spec, cell in measure(arguments, cells):
        cells[name, spec] = cell
        worst = max(arguments.budget + 1 if found is None else found for found in cell)
        told = tell(cell, arguments.budget)
        print(f"{name:32} {spec:14} {told:>16}   worst {worst}", flush=True)
        if arguments.keep:
            with arguments.keep.open("a") as file:
                file.write(json.dumps([name, spec, cell]) + "\n")
    shown = {key: tell(cell, arguments.budget) for key, cell in cells.items()}
    text = table(chosen(arguments), arguments.scheduler, shown)
    text += "\n\n" + "".join(verdict(chosen(arguments), cells, rest) for rest in (PROVERS, ()))
    print(text)
    if arguments.write:
        write(text, arguments)


def write(text: str, arguments: argparse.Namespace) -> None:
    """Put the table into docs/schedulers.md, with the date of the commit that was measured."""
    command = ["git", "log", "-1", "--format=%cs, commit %h"]
    when = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout
    head = (
        f"Median schedules to the first failure over {arguments.entropies} entropies, of at most"
        f" {arguments.budget:,} a trial (measured {when.strip()}; empty: not measured).\n\n"
    )
    topic = "held out" if arguments.held_out else "power"
    begin, end = f"<!-- {topic}: begin -->", f"<!-- {topic}: end -->"
    page = PAGE.read_text()
    before, _, rest = page.partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{begin}\n{head}{text}\n{end}{after}")


if __name__ == "__main__":
    main()
