"""How the rate of failures depends on latency, processor and load: one sample for each setting.

All points draw common random numbers: run i of each has the same quantiles, and differs by the
setting alone (B. L. Nelson, Stochastic modeling, 1995). So curves are smooth where rates are small,
and a rate that falls where it should rise is no accident of the draws.
"""

from __future__ import annotations

import inspect
import time
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.program import Limits, as_program, knob_values
from raceexplore.search.evidence.grid import points
from raceexplore.search.evidence.intervals import Interval, clopper_pearson, runs_to_see
from raceexplore.search.evidence.sample import sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.program import Program
    from raceexplore.search.evidence.grid import Axis
    from raceexplore.search.evidence.sample import Sample

EXPECTED = (
    "expected"  # the function of a program's file that gives the closed form, if there is one
)
VISIBLE_RUNS = 100
STEPS = 5  # in which the smallest visible setting is closed in on


@dataclass(frozen=True, slots=True)
class Setpoint:
    """One setting, and what its runs gave.

    knobs: as ``cpu=0.25,sigma=1.2``. rate, interval: of what was asked for, a share of 1: failing
    runs, or a part per whole that the program counts. expected: the closed form, None without one.
    against: runs that failed at the point before on the curve, and pass here on the same draws.
    """

    knobs: str
    sample: Sample
    rate: float
    interval: Interval
    expected: float | None = None
    against: int = 0


@dataclass(frozen=True, slots=True)
class Visible:
    """The smallest value of the first knob at which 100 runs show the failure with 95 %.

    value: None if no value of the sweep does; then ``why`` says it. rate, interval: of failing runs
    there. fixed: the other knobs.
    """

    name: str
    value: float | None
    fixed: str
    rate: float = 0.0
    interval: Interval | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Samples of one program at several settings.

    axes: what was varied, the first one along each curve. per: what was counted, by what; None for
    failing runs. visible: for each curve, the setting from which on the failure is easily seen.
    """

    program: Program
    axes: tuple[Axis, ...]
    points: tuple[Setpoint, ...]
    per: tuple[str, str] | None
    runs: int
    entropy: int
    visible: tuple[Visible, ...]
    seconds: float = field(compare=False)

    def curves(self) -> dict[str, list[tuple[float, Setpoint]]]:
        """Return the points by what all but the first knob are, each with the value of that one."""
        found: dict[str, list[tuple[float, Setpoint]]] = {}
        if not self.axes:
            return {"": [(float(i), point) for i, point in enumerate(self.points)]}
        first = self.axes[0].name
        for point in self.points:
            value = knob_values(point.knobs).get(first)
            if value is not None:
                rest = [part for part in point.knobs.split(",") if not part.startswith(f"{first}=")]
                found.setdefault(",".join(rest), []).append((value, point))
        return found


def sweep(
    program: Program | Callable[..., Any],
    axes: Sequence[Axis] = (),
    further: Sequence[str] = (),
    *,
    runs: int = 300,
    per: tuple[str, str] | None = None,
    visible: bool = True,
    entropy: int = 0,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    progress: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Sample ``program`` at each setting of ``axes``, and at ``further`` ones.

    per: a part and a whole that the program counts (`World.count`). visible: also look for the
    smallest value of the first knob at which the failure is seen in 100 runs with 95 %. Raises
    `BadOption` for a knob that no run asks for.
    """
    began, chosen = time.perf_counter(), as_program(program)
    settings = points(axes, further)
    if not settings:
        raise BadOption("a sweep needs something to vary, as sigma=0:1.6:8")
    closed = _closed_form(chosen)
    drawing = partial(sample, chosen, runs=runs, entropy=entropy, limits=limits)
    found: list[Setpoint] = []
    for number, knobs in enumerate(settings):
        drawn = drawing(
            knobs=knobs,
            progress=None if progress is None else partial(_moved, progress, number * runs),
        )
        _check_asked(drawn, knobs)
        found.append(_point(drawn, knobs, per, closed))
    result = _followed(Sweep(chosen, tuple(axes), tuple(found), per, runs, entropy, (), 0.0))
    seen = [_visible(result, rest, drawing) for rest in result.curves()] if visible and axes else []
    return replace(result, visible=tuple(seen), seconds=time.perf_counter() - began)


def _moved(progress: Callable[[int, int], None], done: int, runs: int, failed: int) -> None:
    progress(done + runs, failed)


def _closed_form(program: Program) -> Callable[[Any], float] | None:
    """Return the function ``expected`` that the program's file may define: of knobs, a rate."""
    function = inspect.unwrap(program.function)
    found = getattr(function, "__globals__", {}).get(EXPECTED)
    return found if inspect.isfunction(found) else None


def _check_asked(drawn: Sample, knobs: str) -> None:
    unknown = [name for name in knob_values(knobs) if name not in drawn.knobs]
    if unknown:
        known = ", ".join(sorted(drawn.knobs)) or "nothing"
        raise BadOption(f"no run of the program asks for the knob {unknown[0]!r}; it has {known}")
    if not drawn.runs:
        raise BadOption(f"at {knobs} all {drawn.cut:,} runs were cut by a limit")


def _point(
    drawn: Sample,
    knobs: str,
    per: tuple[str, str] | None,
    closed: Callable[[Any], float] | None,
) -> Setpoint:
    rate, interval = (drawn.rate, drawn.interval) if per is None else drawn.per(*per)
    expected = None if closed is None else closed(drawn.knobs)
    return Setpoint(knobs, drawn, rate, interval, expected)


def _followed(swept: Sweep) -> Sweep:
    """Return ``swept`` with the runs that go against each curve counted."""
    if not swept.axes:
        return swept
    against: dict[str, int] = {}
    for curve in swept.curves().values():
        for (_, before), (_, point) in pairwise(curve):
            lost = set(before.sample.numbers) - set(point.sample.numbers)
            against[point.knobs] = len(lost)
    told = (replace(point, against=against.get(point.knobs, 0)) for point in swept.points)
    return replace(swept, points=tuple(told))


def needed_rate() -> float:
    """Return the rate of failing runs that 100 runs show with 95 %."""
    return float(1 - 0.05 ** (1 / VISIBLE_RUNS))


def _visible(swept: Sweep, rest: str, drawing: Callable[..., Sample]) -> Visible:
    """Return where the failure becomes visible on the curve of ``rest``.

    A value counts if the lower end of its interval does, so that it is confirmed in nineteen of
    twenty trials and more. Between the first such value of the sweep and the one before it is
    closed in on, as if the rate never fell.
    """
    name = swept.axes[0].name
    curve = [(value, point.sample) for value, point in swept.curves()[rest]]
    hits = [i for i, (_, drawn) in enumerate(curve) if _shows(drawn)]
    if not hits:
        most = max((drawn.rate for _, drawn in curve), default=0.0)
        wants = runs_to_see(most) if 0 < most < 1 else None
        more = f"; at the highest rate it takes {wants:,} runs" if wants else ""
        return Visible(name, None, rest, why=f"at no value is it seen in {VISIBLE_RUNS} runs{more}")
    at = hits[0]
    value, drawn = curve[at]
    if at:
        value, drawn = _closed_in(curve[at - 1][0], value, drawn, partial(_at, drawing, name, rest))
    return Visible(name, value, rest, drawn.rate, drawn.interval)


def _at(drawing: Callable[..., Sample], name: str, rest: str, value: float) -> Sample:
    return drawing(knobs=",".join([f"{name}={value:g}", *([rest] if rest else [])]))


def _closed_in(
    hidden: float, value: float, drawn: Sample, draw: Callable[[float], Sample]
) -> tuple[float, Sample]:
    for _ in range(STEPS):
        middle = float(f"{(hidden + value) / 2:.4g}")
        between = draw(middle)
        if _shows(between):
            value, drawn = middle, between
        else:
            hidden = middle
    return value, drawn


def _shows(drawn: Sample) -> bool:
    """Return whether the rate is, with 95 % confidence, one that 100 runs show with 95 %."""
    low = clopper_pearson(drawn.failed, drawn.runs, 0.90).low
    return low >= needed_rate()
