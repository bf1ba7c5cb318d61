"""Thresholds: conditions on what was measured, in the words of a report."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.load.measures import Measures

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
}  # fmt: skip
UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_FORM = re.compile(
    r"(?:(?P<name>[^:]+):)?\s*(?P<what>[a-z]+%?|p\d+(?:\.\d+)?|status\[[^\]]+\]%?)\s*"
    r"(?P<sign><=|>=|==|<|>)\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>us|ms|s|min|%)?"
)
_COUNTS: dict[str, Callable[[Measures], float]] = {
    "count": lambda m: m.count,
    "ok": lambda m: len(m.ok.seconds),
    "fail": lambda m: len(m.failed.seconds),
    "ok%": lambda m: _percent(len(m.ok.seconds), m),
    "fail%": lambda m: _percent(len(m.failed.seconds), m),
    "rps": lambda m: m.rate,
    "bytes": lambda m: m.size,
}
_TIMES: dict[str, Callable[[Measures], float]] = {
    "min": lambda m: m.ok.percentile(0),
    "mean": lambda m: m.ok.mean,
    "max": lambda m: m.ok.percentile(100),
    "stddev": lambda m: m.ok.deviation,
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One condition, as ``"fail% < 1"`` or ``"checkout / pay: p99 < 400ms"``.

    text: the condition. name: the scenario, or scenario and step, that it is about; empty: each
    scenario. every_s: seconds between two looks; None: at the end only. abort_after: the load ends
    once so many looks in a row have found it broken; None: it goes on.
    """

    text: str
    name: str
    read: Callable[[Measures], float]
    compare: Callable[[float, float], bool]
    limit: float
    every_s: float | None = None
    abort_after: int | None = None

    def broken(self, measures: Sequence[Measures]) -> list[str]:
        """Return, in words, where it does not hold. Raises `BadOption` if nothing has its name."""
        about = [m for m in measures if (m.label == self.name if self.name else not m.step)]
        if not about and self.name:
            known = ", ".join(m.label for m in measures) or "nothing"
            raise BadOption(f"{self.text!r}: nothing measured is called so; there is {known}")
        read = [(m, self.read(m)) for m in about]
        return [
            f"{m.label}: {self.text.split(':')[-1].strip()}, but it is {value:.6g}"
            for m, value in read
            if not self.compare(value, self.limit)
        ]


def threshold(
    text: str, *, every_s: float | None = None, abort_after: int | None = None
) -> Threshold:
    """Return the threshold that ``text`` says.

    It compares ``count``, ``ok``, ``fail``, ``ok%``, ``fail%``, ``rps``, ``bytes``, ``min``,
    ``mean``, ``max``, ``stddev``, a percentile as ``p99``, ``status[503]`` or ``status[503]%`` with
    a number; times have a unit (us, ms, s, min) and are those of requests that ended well. Raises
    `BadOption` for anything else.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise BadOption(f"a threshold is like 'fail% < 1' or 'p99 < 400ms', not {text!r}")
    if every_s is not None and not every_s > 0:
        raise BadOption(f"{text!r}: every_s is above 0, not {every_s}")
    if abort_after is not None and every_s is None:
        raise BadOption(f"{text!r}: abort_after needs every_s: at the end there is nothing to stop")
    read, is_time = _reader(text, found["what"])
    unit = found["unit"]
    if is_time != (unit in UNITS_S):
        needs = "a time, with a unit such as ms" if is_time else "a number without a unit of time"
        raise BadOption(f"{text!r}: {found['what']} is compared with {needs}")
    return Threshold(
        text=text,
        name=(found["name"] or "").strip(),
        read=read,
        compare=COMPARISONS[found["sign"]],
        limit=float(found["number"]) * UNITS_S.get(unit or "", 1.0),
        every_s=every_s,
        abort_after=abort_after,
    )


def _reader(text: str, what: str) -> tuple[Callable[[Measures], float], bool]:
    """Return what reads a measure, and whether it gives seconds."""
    if what in _COUNTS:
        return _COUNTS[what], False
    if what in _TIMES:
        return _TIMES[what], True
    if re.fullmatch(r"p\d+(\.\d+)?", what):
        percent = float(what[1:])
        if not 0 < percent <= 100:
            raise BadOption(f"{text!r}: a percentile is above 0 and at most 100")
        return lambda m: m.ok.percentile(percent), True
    if what.startswith("status["):
        status, share = what.removesuffix("%")[7:-1], what.endswith("%")
        return lambda m: _status(status, m, share=share), False
    known = ", ".join([*_COUNTS, *_TIMES, "p99", "status[...]"])
    raise BadOption(f"{text!r}: {what!r} is nothing that is measured; there is {known}")


def _status(status: str, measures: Measures, *, share: bool) -> float:
    count = dict(measures.statuses).get(status, 0)
    return _percent(count, measures) if share else count


def _percent(count: int, measures: Measures) -> float:
    return 100 * count / measures.count if measures.count else 0.0
