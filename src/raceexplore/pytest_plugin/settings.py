"""Settle what a test asks of `explore`: the command line, else its own words, else the ini file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.fence.hostile import repr_of
from raceexplore.kernel.program import Limits, Settings
from raceexplore.search.explore import DEFAULT
from raceexplore.search.processes.pools import workers
from raceexplore.search.programs.project import check_observable

if TYPE_CHECKING:
    from collections.abc import Mapping

BUDGET: Final = 1_000
WHOLE: Final = ("budget", "entropy", "steps")
SECONDS: Final = ("virtual_s", "wall_s", "time_limit_s")
TEXTS: Final = ("time", "order", "runtime", "allow", "cancel")
LIMITS: Final = ("steps", "virtual_s", "wall_s")
ARGUMENTS: Final = (
    "budget",
    "entropy",
    "scheduler",
    "time",
    "order",
    "runtime",
    "allow",
    "cancel",
    "jobs",
    "observe",
    *LIMITS,
    "time_limit_s",
)


def is_marked(item: Any) -> bool:
    """Return whether a test is written to be explored, and not another plugin's."""
    uses = "race" in getattr(item, "fixturenames", ())
    return uses or item.get_closest_marker("raceexplore") is not None


def settled(
    line: Mapping[str, Any], own: Mapping[str, Any], ini: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments for `explore`. None, and an empty text, mean: not said.

    Raises `BadOption` for a name that there is not, and for a number that is none.
    """
    if unknown := [name for name in own if name not in ARGUMENTS]:
        raise BadOption(f"no option {unknown[0]!r}; there are {', '.join(ARGUMENTS)}")
    asked: dict[str, Any] = {}
    for source in (ini, own, line):
        asked |= {n: value for n, value in source.items() if value is not None and value != ""}
    for name in asked.keys() & {*WHOLE, *SECONDS}:
        asked[name] = _number(name, asked[name])
    for name in asked.keys() & {*TEXTS}:
        if not isinstance(asked[name], str):
            raise BadOption(f"{name} is a text, not {repr_of(asked[name])[:80]}")
    entropy = asked.get("entropy", 0)
    return {
        "budget": asked.get("budget", BUDGET),
        "entropy": entropy,
        "scheduler": asked.get("scheduler", DEFAULT),
        "settings": Settings(
            time=asked.get("time", "strict"),
            order=asked.get("order", "any"),
            entropy=entropy,
            runtime=asked.get("runtime", ""),
            allow=asked.get("allow", ""),
            cancel=asked.get("cancel", ""),
        ),
        "limits": Limits(**{name: asked[name] for name in LIMITS if name in asked}),
        "time_limit_s": asked.get("time_limit_s"),
        "jobs": _jobs(asked.get("jobs", 1)),
        "observe": _observe(asked.get("observe", True)),
    }


def _observe(value: Any) -> Any:
    """Return whether to observe, or the installed packages to observe too."""
    if isinstance(value, str):
        words = [word.strip() for word in value.split(",") if word.strip()]
        value = False if words == ["none"] else words
    return value if isinstance(value, bool) else check_observable(value)


def _jobs(value: Any) -> Any:
    whole = isinstance(value, str) and value.isdecimal() and len(value) < 10
    jobs = int(value) if whole else value
    workers(jobs)  # refuses what it cannot mean
    return jobs


def _number(name: str, value: object) -> int | float:
    whole = name in WHOLE
    try:
        if isinstance(value, str):
            value = int(value) if whole else float(value)
    except ValueError:
        pass
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise BadOption(f"{name} is a {'whole ' * whole}number, not {value!r}")
    return value
