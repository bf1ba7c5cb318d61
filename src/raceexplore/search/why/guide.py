"""Find a failure again by order constraints alone, also after an edit of the program."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from raceexplore.kernel.choice import Deviation
from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.why.find_again import matched
from raceexplore.search.why.guided import guided_run
from raceexplore.search.why.order_constraints import OrderConstraint, as_plain, from_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings

ROUNDS = 4  # in which what has become possible is looked at again


@dataclass(frozen=True, slots=True)
class Guide:
    """What suffices for a failure besides the program: orders, whether time is free, and draws.

    Without constraints there is nothing to be guided by.
    """

    constraints: tuple[OrderConstraint, ...] = ()
    time: Literal["strict", "elastic"] = "strict"
    draws: tuple[Deviation, ...] = ()

    def under(self, names: Mapping[str, str]) -> Guide:
        """Return this guide where tasks have other names now: ``names``, by those of then."""
        pairs = [(c.first.under(names), c.then.under(names)) for c in self.constraints]
        constraints = tuple(OrderConstraint(*pair) for pair in pairs)
        return replace(
            self, constraints=constraints, draws=tuple(_renamed(d, names) for d in self.draws)
        )

    def as_plain(self) -> list[Any]:
        """Return it as lists of texts and numbers, which JSON and msgpack can hold."""
        draws = [list(draw) for draw in self.draws]
        return [self.time, draws, as_plain(self.constraints)] if self.constraints else []

    @classmethod
    def from_plain(cls, rows: object) -> Guide:
        """Return what `as_plain` was called on. Raises `BadSeed` for anything else."""
        if rows == []:
            return cls()
        if not isinstance(rows, list) or len(rows) != 3 or rows[0] not in ("strict", "elastic"):
            raise BadSeed("the order constraints are damaged")
        time, draws, constraints = rows
        kinds = [[type(part) for part in draw] for draw in draws]
        if any(kind != [str, str, int, int] for kind in kinds):
            raise BadSeed("the draws beside the order constraints are damaged")
        return cls(from_plain(constraints), time, tuple(Deviation(*draw) for draw in draws))


NO_GUIDE = Guide()


def guided_attempts(
    program: Program, guide: Guide, *, settings: Settings, limits: Limits
) -> Iterator[Run]:
    """Yield runs of ``program`` that keep ``guide`` better and better; none without constraints.

    The deeds are looked for in the default run, and again in each run that they led to.
    """
    if not guide.constraints:
        return
    settings = replace(settings, time=guide.time)
    keeping = partial(
        guided_run, program, settings=settings, limits=limits, draws=guide.draws, values=True
    )
    plain = keeping(()).run
    runs, tried = [plain], set()
    for _ in range(ROUNDS):
        constraints = matched(guide.constraints, [run.events for run in runs])
        if constraints in tried:
            return
        tried.add(constraints)
        found = keeping(constraints, plain=plain).run
        # without being observed, as anybody would run it
        again = Replay(found.schedule)
        yield run_once(program, again, limits=limits, settings=settings, record=True)
        runs.append(found)


def _renamed(draw: Deviation, names: Mapping[str, str]) -> Deviation:
    path, _, label = draw.at.partition(":")
    return draw._replace(at=f"{names.get(path, path)}:{label}")
