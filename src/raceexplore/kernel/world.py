"""World: the program's window on everything that is not its own code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.record import Recorder

T = TypeVar("T")


class Chooser(Protocol):
    """What the world asks for an index, for the time, and to be followed."""

    def pick(self, kind: str, label: str, bound: int) -> int:
        """Return an index below ``bound``."""
        ...

    def now(self) -> float:
        """Return the virtual time, in seconds."""
        ...

    def follow(self) -> None:
        """Check the invariants after every event from now on, the present one included."""
        ...


class World:
    """One run's world. A program gets it as its argument, or from `raceexplore.world()`."""

    __slots__ = ("_chooser", "_recorder", "invariants", "seen")

    def __init__(self, chooser: Chooser, recorder: Recorder | None = None) -> None:
        self._chooser = chooser
        self._recorder = recorder
        self.invariants: dict[str, Callable[[], object]] = {}
        self.seen: dict[str, bool] = {}

    def pick(self, label: str, options: Sequence[T], *, kind: str = "data") -> T:
        """Return one of ``options``; the first is neutral (no fault, median latency).

        ``label`` names the draw within its task; the same entropy draws the same options for
        the same task, label and ordinal, whatever the schedule. kind: ``data``, ``latency`` or
        ``fault``. Raises `ValueError` if there are no options.
        """
        if not options:
            raise ValueError(f"world.pick({label!r}) needs at least one option")
        index = self._chooser.pick(kind, label, len(options))
        value = options[index]
        if self._recorder is not None:
            self._recorder.draw(label, index, value, counts=kind != "latency")
        return value

    def touch(self, *resources: object, write: bool) -> None:
        """Declare what the current event uses; with no resources, that it uses nothing shared."""
        if self._recorder is not None:
            self._recorder.declare(resources, write=write)

    async def step(self, *, reads: Sequence[object] = (), writes: Sequence[object] = ()) -> None:
        """Pass a schedule point; the event that follows uses ``reads`` and ``writes`` only."""
        await trio.lowlevel.checkpoint()
        self.touch(*reads, write=False)
        self.touch(*writes, write=True)

    def always(self, name: str, predicate: Callable[[], object]) -> None:
        """Check ``predicate()`` after every event from now on; a falsy answer is a failure."""
        self.invariants[name] = predicate
        self._chooser.follow()

    def sometimes(self, name: str, condition: object = True) -> None:  # noqa: FBT002
        """Note whether ``condition`` holds; it must at least once in a campaign."""
        self.seen[name] = self.seen.get(name, False) or bool(condition)

    def event(self, name: str, **fields: object) -> None:
        """Write a line into the trace."""
        if self._recorder is not None:
            told = ", ".join(f"{key}={value!r}" for key, value in fields.items())
            self._recorder.note(f"{name}({told})" if told else name)

    def now(self) -> float:
        """Return the virtual time, in seconds from the start of the run."""
        return self._chooser.now()
