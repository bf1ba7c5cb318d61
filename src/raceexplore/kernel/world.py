"""World: the program's window on everything that is not its own code."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from raceexplore.kernel.choice import DRAWN, TIMES
from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.events.trace import Access, Kind
from raceexplore.kernel.fence.hostile import repr_of
from raceexplore.kernel.fence.wall_clock import ahead as wall_clock
from raceexplore.kernel.fence.wall_clock import shifted
from raceexplore.kernel.lot import Lot
from raceexplore.kernel.names import function_name
from raceexplore.kernel.standing.ties import TIES, until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from raceexplore.kernel.events.record import Recorder
    from raceexplore.kernel.runtime import Runtime, Spawned, Timeout, Waiter

T = TypeVar("T")

NO_KNOBS: Mapping[str, float] = MappingProxyType({})


class Chooser(Protocol):
    """What the world asks for an index, for the time, and to be followed."""

    def pick(self, kind: str, label: str, bound: int, *, anybodys: bool = False) -> int:
        """Return an index below ``bound``."""
        ...

    def now(self) -> float:
        """Return the virtual time, in seconds."""
        ...

    def deadlines(self) -> Iterable[float]:
        """Return the times at which time-outs strike; any order."""
        ...

    def actor(self) -> str:
        """Return the path of the running task."""
        ...

    def follow(self) -> None:
        """Check the invariants after every event from now on, the present one included."""
        ...


class World:
    """One run's world. A program gets it as its argument, or from `raceexplore.world()`."""

    __slots__ = (
        "_chooser", "_knobs", "_memory", "_recorder", "_runtime", "asked", "counts", "invariants",
        "seen", "states",
    )  # fmt: skip

    def __init__(
        self,
        chooser: Chooser,
        runtime: Runtime,
        recorder: Recorder | None = None,
        knobs: Mapping[str, float] = NO_KNOBS,
    ) -> None:
        self._chooser = chooser
        self._runtime = runtime
        self._recorder = recorder
        self._knobs = knobs
        self.asked: dict[str, float] = {}
        self._memory: dict[Hashable, Any] = {}
        self.invariants: dict[str, Callable[[], object]] = {}
        self.states: dict[str, Callable[[], object]] = {}
        self.seen: dict[str, bool] = {}
        self.counts: dict[str, float] = {}

    def pick(
        self, label: str, options: Sequence[T], *, kind: str = "data", anybodys: bool = False
    ) -> T:
        """Return one of ``options``; the first is neutral (no fault, median latency).

        ``label`` names the draw within its task; the same entropy draws the same options for
        the same task, label and ordinal, whatever the schedule. kind: ``data``, ``latency`` or
        ``fault``. anybodys: the label alone names the draw, so that it is the same whichever
        task makes it. Raises `ValueError` if there are no options, `BadOption` for another kind.
        """
        if not options:
            raise ValueError(f"world.pick({label!r}) needs at least one option")
        if kind not in DRAWN:
            raise BadOption(f"world.pick({label!r}): kind is data, latency or fault, not {kind!r}")
        index = self._chooser.pick(kind, label, len(options), anybodys=anybodys)
        value = options[index]
        if self._recorder is not None:
            self._recorder.draw(label, index, value, counts=kind not in TIMES)
        return value

    def touch(self, *resources: object, write: bool) -> None:
        """Declare what the current event uses; with no resources, that it uses nothing shared."""
        if self._recorder is not None:
            self._recorder.declare(resources, write=write)

    async def step(self, *, reads: Sequence[object] = (), writes: Sequence[object] = ()) -> None:
        """Pass a schedule point; the event that follows uses ``reads`` and ``writes`` only."""
        await self._runtime.checkpoint()
        self.touch(*reads, write=False)
        self.touch(*writes, write=True)

    @property
    def task(self) -> str:
        """The path of the task that is running."""
        return self._chooser.actor()

    @property
    def is_observed(self) -> bool:
        """Whether anybody wants to know what the events of this run touch."""
        return self._recorder is not None

    def used(
        self,
        name: str,
        key: object = ...,
        *,
        write: bool,
        values: tuple[str, str] = ("", ""),
        kind: Kind = Kind.DATA,
    ) -> None:
        """Add to what the current event touches: ``key`` of what is called ``name``, or all of it.

        What the program's own code touches in the event counts as ever; `touch` replaces it.
        values: before and after, in words, for reports. kind: what sort of thing it is.
        """
        if self._recorder is not None:
            used, place = self._recorder.used, (name, key)
            before = used.get(place)
            if before is None or (write and (not before.write or values[1])):
                label = name if key is ... else f"{name}{key}"
                used[place] = Access(place, write, label, "", *values, kind)

    def hand_over(self, *values: object) -> None:
        """Name what other tasks are about to get through a simulated service.

        What goes from task to task unobserved could have no name that holds in every run.
        """
        if self._recorder is not None and self._recorder.ledger is not None:
            self._recorder.ledger.introduce(values)

    def changed(self, held: object) -> None:
        """Add to what the current event touches: all of ``held``, read and written.

        For what a simulated service's client keeps between two calls, a connection's state say,
        which the program's tasks may share, and look at by its attributes.
        """
        if self._recorder is not None and self._recorder.ledger is not None:
            self._recorder.ledger.write(held, ...)

    async def checkpoint(self) -> None:
        """Pass a schedule point."""
        await self._runtime.checkpoint()

    async def sleep(self, seconds: float) -> None:
        """Let ``seconds`` of virtual time pass; 0 is a schedule point."""
        await self._runtime.sleep(seconds)

    def timeout(self, seconds: float) -> Timeout:
        """Return a block that is left after ``seconds``: ``async with world.timeout(1) as t``.

        ``t.expired`` tells afterwards whether its time was up.
        """
        return self._runtime.timeout(seconds)

    def lot(self, name: str) -> Lot:
        """Return a parking lot: tasks wait in it until they are woken."""
        return Lot(self, name)

    def waiter(self, left: Callable[[Any], object]) -> Waiter:
        """Return one wait of the current task, for one wake.

        ``left(waiter)`` is called if the task is cancelled or killed while it waits, in the event
        that does it.
        """
        return self._runtime.waiter(left)

    def spawn(
        self, function: Callable[..., Coroutine[Any, Any, object]], *args: Any, name: str = ""
    ) -> Spawned:
        """Start ``function(*args)`` as a task beside the program, and return its handle.

        It does not outlive the program: it is cancelled when the program ends. An exception that it
        raises is a failure of the run. name: of the task; the function's if empty.
        """
        return self._runtime.spawn(function, args, name or function_name(function))

    def at_kill(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when the current task is killed (`spawn`), in the event that kills it.

        It is how a simulated service learns that a client has crashed.
        """
        self._runtime.at_kill(callback)

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what this run remembers of ``key``; what ``make()`` returns, the first time.

        For parts of the outside world that are made once, for all runs, and must not carry anything
        over from one run to the next.
        """
        if key not in self._memory:
            self._memory[key] = make()
        remembered: T = self._memory[key]
        return remembered

    def shifted(self, seconds: float) -> AbstractContextManager[None]:
        """Return a block in which ``time.time`` and ``datetime.now`` are ahead by ``seconds``.

        For a host or a server whose clock is wrong. No schedule point may be in it.
        """
        return shifted(seconds)

    def use_clock(self, ahead: Callable[[float], float]) -> None:
        """Let ``time.time`` and ``datetime.now`` be wrong in this task and all that it starts.

        ahead: returns by how many seconds they are ahead at a virtual second.
        """
        wall_clock.set(ahead)

    def always(self, name: str, predicate: Callable[[], object]) -> None:
        """Check ``predicate()`` after every event from now on; a falsy answer is a failure."""
        self.invariants[name] = predicate
        self._chooser.follow()

    def state(self, name: str, look: Callable[[], object]) -> None:
        """Name a part of the program's state, for whoever looks at the run.

        ``look()`` returns it as it is now. It is called only to show it: after the events of a run
        that is replayed for a page, for ``raceexplore show`` or in the debugger.
        """
        self.states[name] = look

    def unnoted(self) -> AbstractContextManager[None]:
        """Return a block in which what simulated services note, and what is read, counts nowhere.

        For whoever looks around in a run, between two events.
        """
        return nullcontext() if self._recorder is None else self._recorder.aside()

    def sometimes(self, name: str, condition: object = True) -> None:  # noqa: FBT002
        """Note whether ``condition`` holds; it must at least once in a campaign."""
        self.seen[name] = self.seen.get(name, False) or bool(condition)

    def count(self, name: str, amount: float = 1) -> None:
        """Add ``amount`` to what this run counts under ``name``: orders, tickets sold too often.

        `sample` gives rates per what is counted, such as oversold tickets per order.
        """
        self.counts[name] = self.counts.get(name, 0) + amount

    def knob(self, name: str, default: float) -> float:
        """Return what this run takes for ``name``: ``default``, unless a sweep varies it.

        The simulated world asks for ``latency`` (a factor of every one that is drawn), ``sigma``
        (of every `LogNormal`) and ``cpu`` (the limit of every host); a program may ask for more.
        """
        value = self.asked[name] = self._knobs.get(name, default)
        return value

    def event(self, name: str, **fields: object) -> None:
        """Write a line into the trace."""
        if self._recorder is not None:
            told = ", ".join(f"{key}={repr_of(value)}" for key, value in fields.items())
            self._recorder.note(f"{name}({told})" if told else name)

    def now(self) -> float:
        """Return the virtual time, in seconds from the start of the run."""
        return self._chooser.now()

    def until_deadline(
        self, label: str, seconds: float, within: Callable[[], tuple[float, float]]
    ) -> float:
        """Return ``seconds``, or how long it is until a deadline, if the schedule says so.

        For a call ``label`` whose latency has just been drawn. No drawn number ever meets a
        deadline, and yet an answer may come in the very moment at which a time-out strikes. Trio
        and asyncio wake whatever is due together, in any order. within: gives the shortest and the
        longest that the call may take.
        """
        index = self._chooser.pick("tie", label, TIES)
        if not index:
            return seconds
        chosen = until(index, self.now(), self._chooser.deadlines(), within())
        if chosen != chosen:  # noqa: PLR0124 none may come so soon
            return seconds
        if self._recorder is not None:
            self._recorder.redraw(chosen)
        return chosen
