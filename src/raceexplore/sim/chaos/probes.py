"""What is asked of a program while things go wrong: checks that it offers, and when they are asked.

Source of the modes and properties: LitmusChaos' documentation, "Resilience Probes".
"""

from __future__ import annotations

import enum
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption

if TYPE_CHECKING:
    from raceexplore.kernel.lot import Lot
    from raceexplore.kernel.world import World

Check = Callable[[], object | Awaitable[object]]
KEY = "checks of chaos"


class Mode(enum.Enum):
    """When a probe asks.

    SOT, EOT, EDGE: before the faults, after them, both. CONTINUOUS: again and again from the start
    to the end. ON_CHAOS: again and again while a fault is there. AT_EVERY_STEP: after each event of
    the run, which costs nothing in virtual time.
    """

    SOT = "SoT"
    EOT = "EoT"
    EDGE = "Edge"
    CONTINUOUS = "Continuous"
    ON_CHAOS = "OnChaos"
    AT_EVERY_STEP = "AtEveryStep"


@dataclass(frozen=True, slots=True)
class Comparator:
    """What a check's value is compared with: ``type`` is bool, int, float or string.

    The signs are LitmusChaos': ``==``, ``<=``, ``oneOf``, ``contains``, ``matches`` and so on.
    """

    kind: str = "bool"
    sign: str = "=="
    value: str = "true"

    def holds(self, found: object) -> bool:
        """Return whether ``found`` compares so. Raises `BadOption` if it cannot be compared."""
        try:
            return SIGNS[self.sign](self._read(found), self.value, self._read)
        except (TypeError, ValueError):
            raise BadOption(f"{found!r} cannot be compared with {self}") from None

    def _read(self, found: object) -> Any:
        if self.kind == "bool":
            return bool(found) if not isinstance(found, str) else found.lower() == "true"
        if self.kind == "string":
            return str(found)
        return float(str(found))

    def __str__(self) -> str:
        return f"{self.kind} {self.sign} {self.value}"


Read = Callable[[object], Any]
SIGNS: dict[str, Callable[[Any, str, Read], bool]] = {
    "==": lambda found, value, read: bool(found == read(value)),
    "!=": lambda found, value, read: bool(found != read(value)),
    "<": lambda found, value, read: bool(found < read(value)),
    "<=": lambda found, value, read: bool(found <= read(value)),
    ">": lambda found, value, read: bool(found > read(value)),
    ">=": lambda found, value, read: bool(found >= read(value)),
    "equal": lambda found, value, read: bool(found == read(value)),
    "notequal": lambda found, value, read: bool(found != read(value)),
    "contains": lambda found, value, _: value in str(found),
    "notcontains": lambda found, value, _: value not in str(found),
    "matches": lambda found, value, _: re.search(value, str(found)) is not None,
    "notmatches": lambda found, value, _: re.search(value, str(found)) is None,
    "oneof": lambda found, value, read: found in [read(each) for each in _listed(value)],
}
"""How a value is compared, by LitmusChaos' name in small letters."""


def _listed(text: str) -> list[str]:
    return [each.strip(" '\"") for each in text.strip("[] ").split(",")]


@dataclass(frozen=True, slots=True)
class Watching:
    """A probe: a check, when it is asked, and how patiently.

    name: in reports. check: the name that the program offers it by. comparator: what its value must
    be. every_s: between two looks of a mode that polls. delay_s: before the first. retries: further
    tries after a failure, ``interval_s`` apart, before it counts. timeout_s: of one try. stops: its
    failure ends all faults.
    """

    name: str
    check: str
    mode: Mode
    comparator: Comparator = Comparator()
    every_s: float = 1.0
    delay_s: float = 0.0
    retries: int = 0
    interval_s: float = 1.0
    timeout_s: float = 60.0
    stops: bool = False

    def __post_init__(self) -> None:
        if not (self.every_s > 0 and self.timeout_s > 0 and self.interval_s >= 0):
            raise BadOption(f"probe {self.name}: intervals and time-outs are above 0 s")
        if self.retries < 0:
            raise BadOption(f"probe {self.name}: retries are 0 or more, not {self.retries}")

    async def ask(self, world: World, checks: Checks) -> str:
        """Ask until it holds or the tries are used up; return why it does not, empty if it does."""
        why = ""
        for number in range(1 + self.retries):
            if number:
                await world.sleep(self.interval_s)
            why = await self._once(world, checks)
            if not why:
                return ""
        return why

    async def _once(self, world: World, checks: Checks) -> str:
        async with world.timeout(self.timeout_s) as limit:
            try:
                found = checks.by_name[self.check]()
                if isawaitable(found):
                    found = await found
            except Exception as error:  # noqa: BLE001 whatever a check raises, it does not hold
                return f"{type(error).__name__}: {error}"
            return "" if self.comparator.holds(found) else f"it is {found!r}, not {self.comparator}"
        return f"no answer within {self.timeout_s:g} s" if limit.expired else "it was cut short"

    def at_once(self, checks: Checks) -> str:
        """Ask without waiting; return why it does not hold, empty if it does.

        Raises `BadOption` for a check that has to wait: it cannot be asked after each step.
        """
        found = checks.by_name[self.check]()
        if isawaitable(found):
            getattr(found, "close", lambda: None)()
            raise BadOption(f"probe {self.name}: a check that awaits cannot be asked AtEveryStep")
        return "" if self.comparator.holds(found) else f"it is {found!r}, not {self.comparator}"


class Checks:
    """What the program of one run offers to be asked.

    by_name: the checks. came: is woken when one is offered.
    """

    def __init__(self, world: World) -> None:
        self.by_name: dict[str, Check] = {}
        self.came: Lot = world.lot("checks that the program offers")


def checks_of(world: World) -> Checks:
    """Return what this run's program offers."""
    return world.remember(KEY, lambda: Checks(world))


def offer(world: World, name: str, check: Check) -> None:
    """Offer a check to chaos: a function, async or not, whose value a probe compares.

    Without chaos nothing happens. The faults of a plan begin once all checks that it names are
    offered: offer the last one when the program is ready.
    """
    checks = checks_of(world)
    checks.by_name[name] = check
    checks.came.wake(len(checks.came))
